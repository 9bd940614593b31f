// Asks Prometheus for a panel's queries and returns Grafana's data frames.
import { FieldType, getDisplayProcessor } from "@grafana/data";

const POINTS = 240;

/** Returns a frame for each series of a target, with the panel's field configuration and the target's legend. */
export async function query(base, target, panel, range, theme) {
  const parameters = { query: target.expr };
  const instant = Boolean(target.instant);
  if (instant) {
    parameters.time = range.to;
  } else {
    Object.assign(parameters, { start: range.from, end: range.to, step: Math.max(1, (range.to - range.from) / POINTS) });
  }
  const path = instant ? "query" : "query_range";
  const reply = await fetch(`${base}/api/v1/${path}?${new URLSearchParams(parameters)}`);
  const answer = await reply.json();
  if (answer.status !== "success") {
    throw new Error(answer.error);
  }
  const found = answer.data.result;
  return found.map((series, index) => frame(series, index, target, panel, theme));
}

function frame(series, index, target, panel, theme) {
  const samples = series.values ?? [series.value];
  const special = { NaN: null, "+Inf": Infinity, "-Inf": -Infinity };
  const number = (text) => (text in special ? special[text] : Number(text));
  const name = legend(target.legendFormat, series.metric);
  const defaults = panel.fieldConfig.defaults;
  const thresholds = { ...defaults.thresholds, steps: steps(defaults.thresholds.steps) };
  const color = defaults.color ?? { mode: panel.type === "timeseries" ? "palette-classic" : "thresholds" };
  const value = {
    name: "Value",
    type: FieldType.number,
    labels: series.metric,
    values: samples.map((sample) => number(sample[1])),
    config: { ...defaults, thresholds, color, displayNameFromDS: name },
    state: { seriesIndex: index, displayName: name },
  };
  value.display = getDisplayProcessor({ field: value, theme, timeZone: "browser" });
  const time = { name: "Time", type: FieldType.time, values: samples.map((sample) => sample[0] * 1000), config: {} };
  time.display = getDisplayProcessor({ field: time, theme, timeZone: "browser" });
  return { refId: target.refId, length: samples.length, fields: [time, value] };
}

/** JSON has no infinity: the first step's value is null there. */
function steps(given) {
  return given.map((step) => ({ ...step, value: step.value ?? -Infinity }));
}

function legend(format, labels) {
  return format.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, label) => labels[label] ?? "");
}

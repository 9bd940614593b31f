// A panel of each type that the dashboards use, drawn by Grafana's own components.
import { FieldType, VizOrientation, dateTime, getDisplayProcessor, getDisplayValueAlignmentFactors, reduceField } from "@grafana/data";
import { BarGauge, BigValue, Table, TimeSeries } from "@grafana/ui";

/** Draws the frames of a panel into a box of this size, in pixels. */
export function Drawn({ panel, frames, range, theme, width, height }) {
  const Kind = { timeseries: Lines, stat: Stat, bargauge: Bars, table: Columns }[panel.type];
  if (!Kind) {
    throw new Error(`no component for panels of type ${panel.type}`);
  }
  if (!frames.length) {
    return <div className="empty">{panel.fieldConfig.defaults.noValue}</div>;
  }
  return <Kind {...{ panel, frames, range, theme, width, height }} />;
}

function Lines({ panel, frames, range, theme, width, height }) {
  const [from, to] = [dateTime(range.from * 1000), dateTime(range.to * 1000)];
  return (
    <TimeSeries
      frames={frames}
      timeRange={{ from, to, raw: { from, to } }}
      timeZone="browser"
      legend={panel.options.legend}
      options={panel.options}
      {...{ theme, width, height }}
    />
  );
}

/** The value that the panel's options choose, as text and color. */
function shown(panel, field) {
  const [calculation] = panel.options.reduceOptions.calcs;
  const value = reduceField({ field, reducers: [calculation] })[calculation];
  return { ...field.display(value), title: field.state.displayName };
}

function Stat({ panel, frames, theme, width, height }) {
  const each = height / frames.length;
  return frames.map((frame, number) => {
    const [time, field] = frame.fields;
    return (
      <BigValue
        key={number}
        value={shown(panel, field)}
        sparkline={panel.options.graphMode === "none" ? undefined : { x: time, y: field }}
        graphMode={panel.options.graphMode}
        colorMode={panel.options.colorMode}
        textMode={panel.options.textMode}
        justifyMode={panel.options.justifyMode}
        count={frames.length}
        {...{ theme, width, height: each }}
      />
    );
  });
}

function Bars({ panel, frames, theme, width, height }) {
  const gap = 8;
  const each = (height - gap * (frames.length - 1)) / frames.length;
  const values = frames.map((frame) => shown(panel, frame.fields[1]));
  const alignmentFactors = getDisplayValueAlignmentFactors(values.map((display) => ({ display })));
  return frames.map((frame, number) => (
    <div key={number} style={{ marginBottom: gap }}>
      <BarGauge
        value={values[number]}
        field={frame.fields[1].config}
        display={frame.fields[1].display}
        orientation={VizOrientation.Horizontal}
        displayMode={panel.options.displayMode}
        valueDisplayMode={panel.options.valueMode}
        showUnfilled={panel.options.showUnfilled}
        alignmentFactors={alignmentFactors}
        {...{ theme, width, height: each }}
      />
    </div>
  ));
}

/** One row for each series: the labels that the panel's transformations keep, in their order. */
function Columns({ panel, frames, theme, width, height }) {
  const options = Object.assign({}, ...panel.transformations.map((one) => one.options));
  const names = [...options.include.names].sort((one, other) => options.indexByName[one] - options.indexByName[other]);
  const fields = names.map((name) => {
    const title = options.renameByName?.[name] ?? name;
    const values = frames.map((frame) => frame.fields[1].labels[name] ?? "");
    const field = { name: title, type: FieldType.string, values, config: { custom: {} }, state: {} };
    return { ...field, display: getDisplayProcessor({ field, theme }) };
  });
  return <Table data={{ fields, length: frames.length }} {...{ width, height }} />;
}

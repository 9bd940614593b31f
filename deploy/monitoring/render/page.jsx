// Draws one dashboard: window.dashboard is its JSON as it ships, window.shown names Prometheus and the period.
import { EventBusSrv, ThemeContext, createTheme, dateMath } from "@grafana/data";
import { GlobalStyles, PanelChrome, PanelContextProvider } from "@grafana/ui";
import { useEffect, useState } from "react";
import { createRoot } from "react-dom/client";

import { Drawn } from "./panels.jsx";
import "./page.css";
import { query } from "./prometheus.js";

// Grafana's grid: 24 columns, rows of 30 pixels, 8 pixels between.
const COLUMNS = 24;
const [ROW, GAP, HEAD] = [30, 8, 48];

const { dashboard, shown } = window;
const theme = createTheme({ colors: { mode: "light" } });
const seconds = (text, roundUp) => dateMath.parse(text, roundUp).valueOf() / 1000;
const range = {
  from: shown.from ?? seconds(dashboard.time.from, false),
  to: shown.to ?? seconds(dashboard.time.to, true),
};

function Page() {
  const [frames, setFrames] = useState(null);
  useEffect(() => {
    Promise.all(dashboard.panels.map(framesOf)).then(setFrames);
  }, []);
  if (frames === null) {
    return null;
  }
  const unit = (window.innerWidth - GAP) / COLUMNS;
  return (
    <div>
      <h1>{dashboard.title}</h1>
      {dashboard.panels.map((panel, number) => {
        const { x, y, w, h } = panel.gridPos;
        const place = { left: GAP + x * unit, top: HEAD + y * (ROW + GAP), position: "absolute" };
        const size = { width: w * unit - GAP, height: h * (ROW + GAP) - GAP };
        return (
          <div key={number} style={place} data-panel={panel.title} data-series={frames[number].length}>
            {panel.type === "row" ? <h2>{panel.title}</h2> : <Panel {...{ panel, size }} frames={frames[number]} />}
          </div>
        );
      })}
    </div>
  );
}

function Panel({ panel, size, frames }) {
  return (
    <PanelChrome title={panel.title} {...size}>
      {(width, height) => <Drawn {...{ panel, frames, range, theme, width, height }} />}
    </PanelChrome>
  );
}

async function framesOf(panel) {
  const found = (panel.targets ?? []).map((target) => query(shown.prometheus, target, panel, range, theme));
  return (await Promise.all(found)).flat();
}

const context = { eventsScope: "page", eventBus: new EventBusSrv() };
createRoot(document.getElementById("page")).render(
  <ThemeContext.Provider value={theme}>
    <GlobalStyles />
    <PanelContextProvider value={context}>
      <Page />
    </PanelContextProvider>
  </ThemeContext.Provider>,
);

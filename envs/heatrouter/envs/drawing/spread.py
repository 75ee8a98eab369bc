"""Picture of generated years against real ones."""

from pathlib import Path

from heatrouter.envs.scenarios.spread import QUANTITIES, STATISTICS, Spread


def draw_spread(spread: Spread, path: Path) -> None:
    """Draw a histogram of each statistic of generated years, with the real years as lines.

    Args:
        spread: The statistics.
        path: PNG to write; its folder is made.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.5, 7.5), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.subplots(len(QUANTITIES), len(STATISTICS))
    for q, quantity in enumerate(QUANTITIES):
        named = quantity.replace("degC", "°C").replace("EUR", "€")
        for s, statistic in enumerate(STATISTICS):
            axes = grid[q][s]
            axes.hist(spread.generated[q][:, s], bins=30, color="#9ecae1", label="generated years")
            for i, value in enumerate(spread.real[q][1][:, s]):
                label = "real years" if i == 0 else None
                axes.axvline(value, color="#d55e00", lw=1.2, label=label)
            axes.set_title(f"{named}: {statistic}", fontsize=8, loc="left")
            axes.locator_params(axis="x", nbins=5)
            axes.set_yticks([])
            axes.spines[["top", "right", "left"]].set_visible(False)
            axes.tick_params(labelsize=8)
    handles, labels = grid[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)

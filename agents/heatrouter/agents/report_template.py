"""The page round the report: one style sheet, no scripts, nothing from elsewhere."""

from html import escape
from typing import Final

STYLE: Final = """
:root{--ink:#1c2430;--soft:#5b6673;--rule:#dfe3e8;--paper:#fff;--tint:#f5f7f9;--accent:#0a5c8f}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);
 font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
 -webkit-print-color-adjust:exact;print-color-adjust:exact}
main,header>div,footer{max-width:1160px;margin:0 auto;padding:0 24px}
header{background:var(--tint);border-bottom:1px solid var(--rule);padding:28px 0 22px}
header p.kind{margin:0;color:var(--accent);font-weight:600;font-size:.85rem;letter-spacing:.04em}
h1{font-size:1.9rem;line-height:1.2;margin:.15em 0 .35em}
h2{font-size:1.3rem;line-height:1.25;margin:1.9em 0 .3em;padding-top:.8em;
 border-top:1px solid var(--rule)}
h3{font-size:1rem;margin:1.4em 0 .3em}
p{max-width:78ch;margin:.4em 0 .8em}
p,li{overflow-wrap:break-word}
p.lead{font-size:1.18rem;line-height:1.45;margin:1.2em 0 .4em}
p.alarm{border-left:4px solid #a83a00;background:#fdf1ea;padding:10px 14px;margin:1em 0 .4em}
a{color:var(--accent)}
div.district p.kind{display:none}
div.district{margin-top:3.5em;padding:20px 24px;background:var(--tint);border-radius:8px}
p.note,figcaption,.note{color:var(--soft);font-size:.875rem}
dl.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(215px,1fr));gap:8px 28px;
 margin:14px 0 0;font-size:.875rem}
dl.facts dt{color:var(--soft)}
dl.facts dd{margin:0;font-weight:500;overflow-wrap:anywhere}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(165px,1fr));gap:12px;
 margin:22px 0 8px}
.card{border:1px solid var(--rule);border-radius:8px;padding:12px 14px}
.card b{display:block;font-size:1.5rem;line-height:1.2;font-weight:600;
 font-variant-numeric:tabular-nums}
.card span{display:block;font-size:.83rem;color:var(--soft)}
.scroll{overflow-x:auto;margin:.6em 0 1em}
table{border-collapse:collapse;font-size:.9rem;min-width:100%}
th,td{padding:6px 12px;border-bottom:1px solid var(--rule);text-align:right;vertical-align:top;
 font-variant-numeric:tabular-nums;white-space:nowrap}
th{color:var(--soft);font-weight:500;border-bottom-width:2px;white-space:normal;
 vertical-align:bottom}
th:first-child,td:first-child{text-align:left;padding-left:0;white-space:normal;min-width:9em}
th:last-child,td:last-child{padding-right:0}
td small{display:block;color:var(--soft);font-size:.8rem}
tr.total td{font-weight:600;border-top:2px solid var(--ink)}
.better{color:#0a6b4f}.worse{color:#a83a00}.even{color:var(--soft)}
.better:before{content:"\\25B2\\00A0";font-size:.7em}.worse:before{content:"\\25BC\\00A0";font-size:.7em}
.grid{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:18px 32px;margin:.6em 0 1em}
figure{margin:0;break-inside:avoid}
figure.wide{max-width:860px}
figcaption{margin:0 0 4px;color:var(--ink);font-weight:600}
figcaption small{font-weight:400;color:var(--soft)}
svg{display:block;width:100%;height:auto;overflow:visible;font-family:inherit}
svg text{fill:var(--ink);font-size:12.5px}
svg .tick,svg .axis{fill:var(--soft);font-size:12px}
svg .name{font-weight:600}
svg .grid{stroke:#e6e9ed;stroke-width:1}
svg .zero{stroke:#8b949e;stroke-width:1}
svg polyline{fill:none;stroke-width:1.6;stroke-linejoin:round}
svg .dash{stroke-dasharray:5 4}svg .bold{stroke-width:2.2}
svg .area{stroke:#fff;stroke-width:.5}
svg .bar{stroke:#fff;stroke-width:.6}
svg .mark{stroke:#111;stroke-width:3}
svg .flow{fill-opacity:.42}
svg .flowlabel{font-size:12.5px;paint-order:stroke;stroke:#fff;stroke-width:3px;
 stroke-linejoin:round;stroke-opacity:.85}
svg .note{fill:var(--soft);font-size:11.5px}
ul.legend{list-style:none;display:flex;flex-wrap:wrap;gap:2px 16px;margin:6px 0 0;padding:0;
 font-size:.83rem}
ul.legend li{display:flex;align-items:center;gap:6px}
ul.legend i{width:14px;height:12px;background:var(--c);flex:none}
ul.legend i.line{height:0;border-top:3px solid var(--c);background:none;width:18px}
ul.legend i.dash{height:0;border-top:3px dashed var(--c);background:none;width:18px}
ul.plain{padding-left:1.2em;max-width:78ch}
ul.plain li{margin:.25em 0}
footer{padding:28px 24px 40px;margin-top:3em;border-top:1px solid var(--rule);color:var(--soft);
 font-size:.83rem}
@media print,(min-width:761px){td small{display:inline;margin-left:.5em}
 .stacked small{display:block;margin-left:0}.stacked small small{display:inline;margin-left:.3em}}
th small{display:block}
@media screen and (max-width:760px){
 main,header>div,footer{padding-left:16px;padding-right:16px}
 .grid{grid-template-columns:minmax(0,1fr)}
 h1{font-size:1.5rem}p.lead{font-size:1.06rem}
 .cards{grid-template-columns:repeat(2,minmax(0,1fr))}
 .card b{font-size:1.25rem}
 .stacked small small{display:block;white-space:nowrap}
 dl.facts{grid-template-columns:repeat(2,minmax(0,1fr));gap:8px 16px}
 table{font-size:.84rem}th,td{padding:6px 5px}td small{font-size:.75rem;white-space:normal}
 .map svg{min-width:640px}
 svg text,svg .tick,svg .axis{font-size:15.5px}svg .flowlabel{font-size:14px}
}
@media print{
 @page{size:A4;margin:14mm}
 body{font-size:10.5pt}
 main,header>div,footer{padding:0;max-width:none}
 header{background:none;padding-top:0}
 h2{break-after:avoid;margin-top:1.6em}
 .scroll{overflow:visible}
 table{font-size:8.5pt}th,td{padding:3px 6px}
 tr,.card,p.lead{break-inside:avoid}
 section>h2+p,figcaption,h3{break-after:avoid}
 article{break-before:page}
}
"""
"""Light, readable at desktop and phone width, and on paper."""


def page(title: str, header: str, body: str, footer: str) -> str:
    """A complete HTML document.

    Args:
        title: Of the window.
        header: HTML of the band at the top.
        body: HTML between.
        footer: HTML of the last lines.
    """
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"<header><div>{header}</div></header>\n<main>\n{body}\n</main>\n"
        f"<footer>{footer}</footer>\n</body>\n</html>\n"
    )


def section(title: str, *content: str) -> str:
    """A section with its heading; nothing where there is no content."""
    filled = [part for part in content if part]
    return f"<section><h2>{escape(title)}</h2>\n{''.join(filled)}</section>\n" if filled else ""


def figure(caption: str, content: str, *, small: str = "", wide: bool = False) -> str:
    """A drawing with its caption above it."""
    remark = f" <small>{escape(small)}</small>" if small else ""
    kind = ' class="wide"' if wide else ""
    head = f"<figcaption>{escape(caption)}{remark}</figcaption>" if caption else ""
    return f"<figure{kind}>{head}{content}</figure>\n"


def grid(*figures: str) -> str:
    """Figures side by side where there is room."""
    return f'<div class="grid">{"".join(figures)}</div>\n'


def table(
    head: list[str],
    rows: list[list[str]],
    *,
    last_is_total: bool = False,
    stacked: bool = False,
) -> str:
    """A table of HTML cells that scrolls by itself on a phone.

    Args:
        head: Cells of the first row.
        rows: Cells of the others.
        last_is_total: Whether the last row is the sum of those above.
        stacked: Whether remarks stand below their values, where they would not fit beside them.
    """
    kind = ' class="stacked"' if stacked else ""
    top = "".join(f"<th>{cell}</th>" for cell in head)
    lines = []
    for position, row in enumerate(rows):
        total = ' class="total"' if last_is_total and position == len(rows) - 1 else ""
        lines.append(f"<tr{total}>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>")
    return (
        f'<div class="scroll"><table{kind}><thead><tr>{top}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>\n"
    )


def facts(entries: dict[str, str]) -> str:
    """Short facts with their names; values are HTML."""
    items = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{value}</dd></div>" for name, value in entries.items()
    )
    return f'<dl class="facts">{items}</dl>'

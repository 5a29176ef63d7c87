"""Looks at pages of the reports as readers do: on a phone and a screen, light and dark, and in print.

usage: reports.py CHROMIUM OUT PAGE...

OUT is the folder for a picture of each view, and a PDF. One line per finding; exit code 1 if there is one.
"""

import sys
from pathlib import Path

import axe_playwright_python
from playwright.sync_api import sync_playwright

AXE_SCRIPT = Path(axe_playwright_python.__file__).with_name("axe.min.js")

WIDTHS = (390, 1280)  # CSS pixels
A4 = 182 * 96 / 25.4  # CSS pixels between the margins of a page
CHARACTERS = 75  # in a line of text

# Rules that fail at any impact that axe calls serious or critical.
AXE = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
  .filter(v => ["serious", "critical"].includes(v.impact))
  .flatMap(v => v.nodes.map(n => `${v.id}: ${n.target.join(" ")}: ${n.failureSummary.replace(/\\s+/g, " ")}`))"""

# What reaches beyond the page, and is neither scrolled by itself nor inside of something that is.
WIDE = """() => {
  const scrolled = e => e && (e.scrollWidth > e.clientWidth && ["auto", "scroll"].includes(getComputedStyle(e).overflowX) || scrolled(e.parentElement));
  const page = document.documentElement;
  const wide = [...document.querySelectorAll("main *")].filter(e => e.getBoundingClientRect().right > page.clientWidth + 1 && !scrolled(e.parentElement));
  return wide.map(e => `${e.tagName} "${e.textContent.slice(0, 40)}"`).slice(0, 5)
    .concat(page.scrollWidth > page.clientWidth ? [`the page is ${page.scrollWidth} wide`] : []);
}"""

# Lines of text by where their characters stand.
LONG = """limit => [...document.querySelectorAll("main p, main li")].flatMap(e => {
  const lines = new Map(), walker = document.createTreeWalker(e, NodeFilter.SHOW_TEXT), range = document.createRange();
  for (let node; node = walker.nextNode();) {
    for (let i = 0; i < node.length; i++) {
      range.setStart(node, i); range.setEnd(node, i + 1);
      const box = range.getClientRects()[0];
      if (!box || !box.width) continue;
      const y = Math.round(box.bottom / 8);
      lines.set(y, (lines.get(y) ?? "") + node.data[i]);
    }
  }
  return [...lines.values()].filter(l => l.length > limit).map(l => `${l.length} characters: ${l}`);
})"""


def look(browser, out, path):
    """Findings of one page."""
    for scheme in ("light", "dark"):
        for width in WIDTHS:
            page = browser.new_page(viewport={"width": width, "height": 844}, color_scheme=scheme)
            page.goto(path.as_uri())
            view = f"{path.name}, {width} px, {scheme}"
            yield from (f"{view}: wide: {found}" for found in page.evaluate(WIDE))
            if scheme == "light":
                yield from (f"{view}: {found}" for found in page.evaluate(LONG, CHARACTERS))
            page.add_script_tag(path=AXE_SCRIPT)
            yield from (f"{view}: {found}" for found in page.evaluate(AXE))
            page.screenshot(path=out / f"{path.stem}-{width}-{scheme}.png", full_page=True)
            page.close()
    page = browser.new_page(viewport={"width": int(A4), "height": 1000}, color_scheme="dark")
    page.goto(path.as_uri())
    page.emulate_media(media="print")
    yield from (f"{path.name}, print: wide: {found}" for found in page.evaluate(WIDE))
    if page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)":
        yield f"{path.name}, print: not on white"
    if any(link.is_visible() for link in page.query_selector_all("nav.pages")):
        yield f"{path.name}, print: links to other pages are printed"
    page.pdf(path=out / f"{path.stem}.pdf", prefer_css_page_size=True, print_background=True)
    page.close()


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    chromium, out = sys.argv[1], Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    found = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for path in sys.argv[3:]:
            for finding in look(browser, out, Path(path).resolve()):
                print(finding, flush=True)
                found += 1
        browser.close()
    sys.exit(min(found, 1))


if __name__ == "__main__":
    main()

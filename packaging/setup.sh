# Shared by packaging/run and packaging/test: install what is missing, quickly when nothing is. To be sourced.
# Works from any folder, as root or not, with or without a terminal.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv=$root/.venv
export PIP_DISABLE_PIP_VERSION_CHECK=1

# What the wheels of Qt need of Debian: to draw offscreen, and to draw on X.
qt_libraries=(
    libegl1 libgl1 libdbus-1-3 libfontconfig1 libglib2.0-0 libxkbcommon0
    libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0 libxkbcommon-x11-0
)

say() { printf '== %s\n' "$*"; }
stop() {
    printf 'packaging: %s\n' "$*" >&2
    exit 1
}

# Prints those of the given Debian packages that are not installed (a later Debian may add t64 to the name).
missing_packages() {
    local installed name
    installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" "${@/%/t64}" 2>/dev/null |
        sed -n 's/^installed //p') || true
    for name in "$@"; do
        grep -qx -e "$name" -e "${name}t64" <<<"$installed" || printf '%s\n' "$name"
    done
}

need_packages() {
    local missing
    if ! command -v dpkg-query >/dev/null; then
        say "this is no Debian: install what corresponds to: $*"
        return
    fi
    mapfile -t missing < <(missing_packages "$@")
    if ((${#missing[@]} == 0)); then return; fi
    say "installing Debian packages: ${missing[*]}"
    local become=()
    if ((EUID != 0)); then
        command -v sudo >/dev/null || stop "not root and no sudo; as root: apt-get install ${missing[*]}"
        become=(sudo)
        [[ -t 0 ]] || become+=(-n) # nobody could type a password
    fi
    local apt=("${become[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=120)
    "${apt[@]}" install --no-install-recommends "${missing[@]}" >/dev/null 2>&1 && return
    "${apt[@]}" update >/dev/null || say "apt-get update failed; trying with the lists there are"
    "${apt[@]}" install --no-install-recommends "${missing[@]}" ||
        stop "apt-get failed; as root: apt-get update && apt-get install ${missing[*]}"
}

# Sets `python` to one that the package supports.
find_python() {
    local candidate
    for candidate in "${KIOSK_PYTHON:-}" python3.11 python3.12 python3; do
        [[ -n $candidate ]] || continue
        if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null; then
            python=$candidate
            return
        fi
    done
    if command -v dpkg-query >/dev/null && [[ -n $(missing_packages python3) ]]; then
        need_packages python3
        find_python
        return
    fi
    stop "Python 3.11 or 3.12 is needed; install one, or name it in KIOSK_PYTHON"
}

# What was installed last time, in one line; equal means that there is nothing to do.
fingerprint() {
    { "$python" -c 'import sys; print(sys.version)'; printf '%s\n' "$1" "$root"; cat "$root/pyproject.toml"; } |
        sha256sum | cut -d' ' -f1
}

# need_venv EXTRA: a virtual environment in the checkout with the package in it; EXTRA is "", "lab" or "dev",
# which holds the others.
need_venv() {
    local extra=$1 mark=$venv/.installed-${1:-plain} wanted
    find_python
    wanted=$(fingerprint "$extra")
    if [[ -f $mark && $(<"$mark") == "$wanted" ]]; then return; fi
    if [[ $extra != dev && -f $venv/.installed-dev && $(<"$venv/.installed-dev") == "$(fingerprint dev)" ]]; then return; fi
    if [[ ! -x $venv/bin/python ]] || ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
        if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
            need_packages "$(basename "$(readlink -f "$(command -v "$python")")")-venv"
        fi
        say "making the virtual environment $venv"
        "$python" -m venv "$venv"
    fi
    say "installing the package and what it needs (the first time a few minutes)"
    "$venv/bin/python" -m pip install --quiet --editable "$root${extra:+[$extra]}" ||
        stop "pip failed; see its message above"
    printf '%s\n' "$wanted" >"$mark"
}

# The .mo files are built, not committed.
need_catalogues() {
    local po
    for po in "$root"/locales/*/LC_MESSAGES/kiosk.po; do
        if [[ ! ${po%.po}.mo -nt $po ]]; then
            "$venv/bin/python" "$root/packaging/compile_catalogues.py"
            return
        fi
    done
}

# set_up EXTRA PACKAGE...: one at a time per checkout.
set_up() {
    local extra=$1
    shift
    exec {turn}<"$root/pyproject.toml"
    flock "$turn"
    need_packages "$@"
    need_venv "$extra"
    need_catalogues
    exec {turn}<&-
}

#!/bin/sh
# Builds the native half of the system backend against the libtorch that this machine has.
#
#   build.sh OUTPUT_FOLDER     compiles libTorchSharpSystem.so into the folder, if it is missing or older than the source or built against another libtorch
#   build.sh --stamp           only prints which libtorch would be used
#
# libtorch is looked for in $LIBTORCH (a folder with include/ and lib/), in the distribution's place, and in the torch package of $PYTHON (python3).
# CXX and CXXFLAGS are honoured. Needs nothing but a POSIX shell, a C++ compiler and libtorch.
set -eu

here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
source=$here/torchsharp_system.cpp
cxx=${CXX:-g++}

fail() { echo "error TSYS0001: $*" >&2; exit 1; }

# The folder of the libraries and the include folders, or nothing.
lib= ; includes= ; abi=
use() {  # lib folder, include folder
    [ -f "$2/ATen/core/dispatch/Dispatcher.h" ] || return 1
    [ -e "$1/libtorch_cpu.so" ] || return 1
    lib=$1
    includes="-I$2"
    if [ -d "$2/torch/csrc/api/include" ]; then includes="$includes -I$2/torch/csrc/api/include"; fi
}

if [ -n "${LIBTORCH:-}" ]; then
    use "$LIBTORCH/lib" "$LIBTORCH/include" || fail "LIBTORCH is '$LIBTORCH', but there is no libtorch with headers (include/ATen, lib/libtorch_cpu.so) in it."
else
    triplet=$($cxx -print-multiarch 2>/dev/null || echo x86_64-linux-gnu)
    for folder in "/usr/lib/$triplet" /usr/lib64 /usr/lib /usr/local/lib; do
        use "$folder" /usr/include && break
        use "$folder" /usr/local/include && break
    done
    if [ -z "$lib" ]; then
        python=${PYTHON:-python3}
        root=$($python -c 'import importlib.util, os; s = importlib.util.find_spec("torch"); print(os.path.dirname(s.origin) if s and s.origin else "")' 2>/dev/null || true)
        if [ -n "$root" ]; then use "$root/lib" "$root/include" || true; fi
        if [ -n "$lib" ]; then
            abi=$($python -c 'import torch; print(int(torch._C._GLIBCXX_USE_CXX11_ABI))' 2>/dev/null || echo 1)
        fi
    fi
fi
[ -n "$lib" ] || fail "No libtorch with headers was found. Install one: 'apt-get install libtorch-dev' (Debian, Ubuntu), or Python's torch ('pip install torch'), or set LIBTORCH to the folder of an unpacked libtorch."

real=$(readlink -f "$lib/libtorch_cpu.so")
stamp="$real $(stat -c '%s %Y' "$real")"
if [ "${1:-}" = --stamp ]; then echo "$stamp"; exit 0; fi

out=${1:?usage: build.sh OUTPUT_FOLDER}
target=$out/libTorchSharpSystem.so
if [ -f "$target" ] && [ -f "$target.stamp" ] && [ "$(cat "$target.stamp")" = "$stamp" ] && [ ! "$source" -nt "$target" ] && [ ! "$0" -nt "$target" ]; then exit 0; fi

command -v "$cxx" >/dev/null 2>&1 || fail "The C++ compiler '$cxx' was not found. Install one: 'apt-get install g++' (Debian, Ubuntu)."

# libtorch 2.x needs C++17, later releases C++20; a CUDA build must be linked although nothing here names it, or it never registers itself.
standard=17
header=$(echo "$includes" | tr ' ' '\n' | sed -n 's/^-I//p' | while read -r folder; do [ -f "$folder/torch/version.h" ] && echo "$folder/torch/version.h"; done | head -n 1)
[ -n "$header" ] || fail "torch/version.h is missing beside the headers of $lib; the libtorch there is incomplete."
major=$(sed -n 's/^#define TORCH_VERSION_MAJOR //p' "$header")
minor=$(sed -n 's/^#define TORCH_VERSION_MINOR //p' "$header")
if [ "$major" -gt 2 ] || { [ "$major" -eq 2 ] && [ "$minor" -ge 10 ]; }; then standard=20; fi
libraries="-ltorch_cpu -lc10"
if [ -e "$lib/libtorch_cuda.so" ]; then libraries="-Wl,--no-as-needed -ltorch_cuda -lc10_cuda -Wl,--as-needed $libraries"; fi
search=
if [ "$lib" != "/usr/lib/${triplet:-}" ] && [ "$lib" != /usr/lib ]; then search="-L$lib -Wl,-rpath,$lib"; fi

mkdir -p "$out"
# Built beside the target and renamed, so that a build that is stopped half-way leaves nothing that looks finished.
# shellcheck disable=SC2086
"$cxx" -std=c++$standard -O2 -fPIC -shared -fvisibility=hidden ${abi:+-D_GLIBCXX_USE_CXX11_ABI=$abi} ${CXXFLAGS:-} $includes \
    -o "$target.$$" "$source" $search $libraries || fail "The native file does not compile against libtorch $major.$minor in $lib (see above)."
mv "$target.$$" "$target"
echo "$stamp" > "$target.stamp"

#!/usr/bin/env bash
# Runs UNetFamily's tests and benchmarks on a Linux machine that has a libtorch and no .NET: see `./run.sh help`.
set -euo pipefail

usage() {
  cat <<'END'
usage: ./run.sh [command] [arguments]

  all                    doctor, every test, a quick round of the benchmarks; what runs without a command
  test [--filter word]   every test, or those that have a word beginning like this in their name
  bench [name]           the benchmarks; `bench help` lists them and their options, such as --device cuda
  doctor                 what this machine computes with, and whether that libtorch fits
  tool <verb>            the command line tool; `tool --help` lists its verbs

  LIBTORCH=<folder>      the libtorch: the folder with libc10.so, or the one above; otherwise that of python3's torch
  UNETFAMILY_REFERENCE   a folder with more reference cases
END
}

fail() {
  printf 'run.sh: %s\n' "$*" >&2
  exit 1
}

# The loader finds libtorch, and what it needs in turn, by LD_LIBRARY_PATH: TorchSharp asks for libtorch_cpu.so and libtorch_cuda.so by name.
use_libtorch() {
  local folder libraries
  if [[ -n ${LIBTORCH:-} ]]; then
    [[ -d $LIBTORCH ]] || fail "LIBTORCH is '$LIBTORCH', and there is no such folder."
    folder=$(cd "$LIBTORCH" && pwd)
    [[ -e $folder/libc10.so ]] || folder=$folder/lib
  else
    # Where it lies can be asked without importing it, which takes long.
    folder=$(python3 -c 'import importlib.util; print(importlib.util.find_spec("torch").submodule_search_locations[0])' 2>/dev/null)/lib ||
      fail "there is no libtorch: python3 has no torch. Name one by LIBTORCH=<folder with libc10.so>."
  fi
  [[ -e $folder/libc10.so ]] || fail "there is no libc10.so in $folder."
  libraries=$folder
  # CUDA's libraries, as pip installs them beside torch.
  for folder in "$folder"/../../nvidia/*/lib; do
    [[ ! -d $folder ]] || libraries+=:$folder
  done
  export LD_LIBRARY_PATH=$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
}

run() {
  local program=$1
  shift
  "$here/dotnet/dotnet" "$here/app/$program.dll" "$@"
}

everything() {
  local status=0
  run UNetFamily.Tool doctor || status=1
  run UNetFamily.Tests || status=1
  run UNetFamily.Benchmarks --quick || status=1
  return "$status"
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
command=${1:-all}
(($# == 0)) || shift
export DOTNET_ROOT=$here/dotnet
case $command in
  all) use_libtorch; everything ;;
  test) use_libtorch; run UNetFamily.Tests "$@" ;;
  bench) use_libtorch; run UNetFamily.Benchmarks "$@" ;;
  doctor) use_libtorch; run UNetFamily.Tool doctor "$@" ;;
  tool) use_libtorch; run UNetFamily.Tool "$@" ;;
  *) usage ;;
esac

#!/usr/bin/env bash
# Runs UNetFamily's tests and benchmarks where there is a libtorch and a C++ compiler, but no .NET: see `./run.sh help`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

usage() {
  cat <<'END'
usage: ./run.sh [command] [arguments]

  all                    doctor, every test, a quick round of the benchmarks; what runs without a command
  test [--filter word]   every test, or those that have a word beginning like this in their name
  bench [name]           the benchmarks; `bench help` lists them and their options, such as --device cuda
  doctor                 what this machine computes with

  LIBTORCH=<folder>      the libtorch; otherwise the distribution's, or that of python3's torch
  UNETFAMILY_REFERENCE   a folder with more reference cases
END
}

# Does nothing when the file is there and fits.
build_native() { sh native/build.sh app; }

run() {
  local program=$1
  shift
  dotnet/dotnet "app/$program.dll" "$@"
}

everything() {
  local status=0
  run Doctor || status=1
  run UNetFamily.Tests || status=1
  run UNetFamily.Benchmarks --quick || status=1
  return "$status"
}

command=${1:-all}
(($# == 0)) || shift
export DOTNET_ROOT=$PWD/dotnet
case $command in
  all) build_native && everything ;;
  test) build_native && run UNetFamily.Tests "$@" ;;
  bench) build_native && run UNetFamily.Benchmarks "$@" ;;
  doctor) build_native && run Doctor "$@" ;;
  *) usage ;;
esac

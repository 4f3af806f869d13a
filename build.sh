#!/usr/bin/env bash
# Sets up and runs everything: see `./build.sh help`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

readonly repo=$PWD
readonly artifacts=$repo/artifacts
readonly configuration=Release
readonly packages=(UNetFamily UNetFamily.Imaging UNetFamily.NnUNet UNetFamily.Onnx UNetFamily.Plots UNetFamily.Scans)

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1

usage() {
  cat <<'END'
usage: ./build.sh <command> [arguments]

  demo [--quick]   trains a U-Net on a brain MRI and segments slices that it has not seen; --volumes does it in 3D, --macaque on another brain
  compose          as demo, with a network that is in no paper, made of the blocks of two
  domains          trains one network for several domains of brain scans, and adds one to it
  tool <verb>      the command line tool; its verbs are segment, inspect, diff, convert, verify, summary, export-onnx and doctor
                   tool segment --model FILE --input FILE --output FILE    segments a scan with a trained network
                   tool summary unet-milesial --size 256                   what a network is made of, and costs
  test [args]      builds and runs every test; arguments go to `dotnet test`
                   --filter unet     the cases of one network, and the test classes of that name
                   --filter gelu     every test with that word in its name
  bench [name]     the benchmarks, as a table and as JSON in artifacts/bench; `bench help` lists them
  pack             the NuGet packages into artifacts/, the tool's among them, checked by projects that install them
  consumer         the package of the networks, and the tests of a network that a user of it composes
  api              the reference of all public types, as a web site in artifacts/api/site
  bundle           tests, benchmarks and the tool as one file for a Linux machine that has a libtorch and no .NET
  segment, doctor  short for tool segment and tool doctor
  dotnet <args>    any dotnet command, such as: dotnet run --project samples/Readme
  help             this text

TorchRuntime=cuda in the environment takes TorchSharp's packages for CUDA instead of those for the processor.
END
}

say() { printf '%s\n' "$*" >&2; }

fail() {
  say "build.sh: $*"
  exit 1
}

# Runs a command and shows what it printed only when it fails, each line once: MSBuild repeats its errors.
quietly() {
  local log status=0
  log=$(mktemp)
  "$@" >"$log" 2>&1 || status=$?
  if ((status != 0)); then
    awk '!seen[$0]++' "$log" >&2
    explain "$log"
  fi
  rm -f "$log"
  return "$status"
}

# Two causes that lie outside of the repository, in a line each.
explain() {
  if grep -q NU1301 "$1"; then
    say "A NuGet feed can't be reached. \`dotnet nuget list source\` shows which are in use; the packages are needed once."
  elif grep -q 'NU110[123]' "$1"; then
    say "The NuGet feeds lack a package. \`dotnet nuget list source\` shows which are in use; nuget.org has all of them."
  fi
}

require_sdk() {
  local version
  command -v dotnet >/dev/null || PATH=$PATH:$HOME/.dotnet
  version=$(dotnet --version 2>/dev/null) || version=none
  [[ ${version%%.*} =~ ^[1-9][0-9]+$ ]] ||
    fail "needs the .NET 10 SDK and finds $version. It comes from https://dotnet.microsoft.com/download or your distribution (dotnet-sdk-10.0)."
}

build() {
  say "Building $1 ..."
  [[ -d $(package_folder)/torchsharp ]] || say "The first time, this downloads libtorch (200 MB)."
  quietly dotnet build "$1" --configuration "$configuration" --verbosity quiet || fail "$1 does not build."
}

package_folder() { printf '%s\n' "${NUGET_PACKAGES:-$HOME/.nuget/packages}"; }

output_of() { printf '%s/bin/%s/net10.0/%s.dll\n' "$repo/$1" "$configuration" "${1##*/}"; }

property() { dotnet msbuild src/UNetFamily -getProperty:"$1"; }

run_project() {
  local project=$1
  shift
  build "$project"
  dotnet "$(output_of "$project")" "$@"
}

# -- Tests ------------------------------------------------------------------------------------------------------------

run_tests() {
  local arguments
  build tests/UNetFamily.Tests
  mapfile -d '' -t arguments < <(expand_filter "$@")
  test_assembly "$(output_of tests/UNetFamily.Tests)" "$artifacts/test-results" "${arguments[@]}"
}

# $1: an assembly of tests, $2: a folder for the results, then arguments of `dotnet test`.
test_assembly() {
  # The tests leave the allocator alone (they measure memory), so that each large map is new pages; huge ones take half of the time.
  local -x THP_MEM_ALLOC_ENABLE=1
  local results=$2 status=0
  rm -rf "$results"
  dotnet test "$1" --results-directory "$results" \
    --logger 'trx;LogFileName=tests.trx' --logger 'console;verbosity=normal' "${@:3}" 2>&1 |
    show_progress || status=$?
  report_tests "$results/tests.trx" "$status"
}

# Turns `--filter word` into an expression of dotnet test; every other argument is passed on.
expand_filter() {
  while (($# > 0)); do
    if [[ $1 == --filter && ${2:-} =~ ^[A-Za-z0-9_./-]+$ ]]; then
      printf '%s\0' --filter "$(filter_for "$2")"
      shift
    else
      printf '%s\0' "$1"
    fi
    shift
  done
}

filter_for() {
  local word=$1 net=${1%%/*} other
  if [[ $word != */* ]] && ! grep -qi -- "$word" <<<UNetFamily.Tests; then
    printf 'FullyQualifiedName~%s|DisplayName~%s' "$word" "$word"
    return
  fi
  # Every test's full name contains "unet": such a word picks the network's cases and the classes that start with it.
  [[ $word == */* ]] || word=$word/
  printf '(DisplayName~%s' "$word"
  for other in tests/UNetFamily.Tests/Reference/*"$net" "${UNETFAMILY_REFERENCE:-/nowhere}"/*"$net"; do
    other=${other##*/}
    [[ $other == "$net" || $other == '*'* ]] || printf '&DisplayName!~%s/' "$other"
  done
  printf ')'
  [[ $1 == */* ]] || printf '|FullyQualifiedName~.%s' "$net"
}

# Counts the passed tests instead of listing them; whatever else the runner says is shown.
show_progress() {
  local line passed=0 shown=$SECONDS
  local noise='^(\[xUnit\.net|VSTest version|Starting test|A total of|Results File|Test Run (Succ|Fail)|Total tests:| +(Passed|Failed|Skipped|Total time):)'
  while IFS= read -r line; do
    if [[ $line == '  Passed '* ]]; then
      passed=$((passed + 1))
      ((SECONDS - shown >= 10)) || continue
      printf '  %d passed\n' "$passed"
      shown=$SECONDS
    elif [[ -n $line && ! $line =~ $noise ]]; then
      printf '%s\n' "$line"
    fi
  done
}

# The last line is the count. A run without a test, or one that broke off, has failed whatever its counters say.
report_tests() {
  local status=$2 total=0 executed=0 passed=0 failed skipped
  [[ ! -f $1 ]] || read -r total executed passed < <(sed -n 's/.*<Counters total="\([0-9]*\)" executed="\([0-9]*\)" passed="\([0-9]*\)".*/\1 \2 \3/p' "$1")
  skipped=$((total - executed))
  failed=$((executed - passed))
  if ((status != 0 && failed == 0)); then
    say "The test run broke off."
    failed=1
  elif ((total == 0)); then
    say "No test ran."
    status=1
  elif ((failed > 0)); then
    status=1
  fi
  printf '%d passed, %d failed' "$passed" "$failed"
  ((skipped == 0)) || printf ', %d skipped' "$skipped"
  printf '\n'
  return "$status"
}

# -- The packages -----------------------------------------------------------------------------------------------------

pack() {
  local version package
  version=$(property Version)
  rm -f "$artifacts"/UNetFamily.*nupkg
  for package in "${packages[@]}" UNetFamily.Tool; do
    quietly dotnet pack "src/$package" --configuration "$configuration" --output "$artifacts" -p:ContinuousIntegrationBuild=true ||
      fail "src/$package does not pack."
  done
  prepare_consumers
  run_consumer "$version"
  run_onnx_consumer
  # The packages of TorchSharp, SkiaSharp and ONNX Runtime with native files are the application's choice; but ScottPlot brings some for SkiaSharp on Linux, which must be of SkiaSharp's version.
  check_package UNetFamily "$version" TorchSharp System.IO.Hashing
  check_package UNetFamily.Imaging "$version" BitMiracle.LibTiff.NET SkiaSharp
  check_package UNetFamily.NnUNet "$version" TorchSharp UNetFamily UNetFamily.Imaging
  check_package UNetFamily.Scans "$version" TorchSharp UNetFamily UNetFamily.Imaging
  check_package UNetFamily.Onnx "$version" Google.Protobuf Microsoft.ML.OnnxRuntime.Managed OnnxSharp TorchSharp UNetFamily
  check_package UNetFamily.Plots "$version" ScottPlot SkiaSharp SkiaSharp.NativeAssets.Linux.NoDependencies UNetFamily
  require_files "$work/packages/unetfamily.plots/$version" Fonts/{LICENSE,README.md}
  require_files "$work/packages/unetfamily/$version" buildTransitive/{UNetFamily.targets,WeakenVersionNeed.cs} docs/README.md
  check_tool "$version"
  run_consumer_tests
}

# The package of the networks alone, and the tests of a network that a user of it composes.
consumer() {
  say "Packing src/UNetFamily ..."
  quietly dotnet pack src/UNetFamily --configuration "$configuration" --output "$artifacts" -p:ContinuousIntegrationBuild=true || fail "src/UNetFamily does not pack."
  prepare_consumers
  run_consumer_tests
}

# A folder for projects that install the packages, with a package folder of its own. It must not be below the repository, whose settings would reach it.
prepare_consumers() {
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  # Where somebody has tried samples/ConsumerTests in its place, the packages of before are unpacked.
  rm -rf "$artifacts"/packages/unetfamily*
  cat >"$work/nuget.config" <<END
<configuration><packageSources><add key="artifacts" value="$artifacts" /></packageSources></configuration>
END
  # libtorch is large: what the user's own package folder holds is not downloaded again.
  RestoreFallbackFolders=$(package_folder)
  export RestoreFallbackFolders
}

run_consumer_tests() {
  rm -rf "$work/project"
  cp -r samples/ConsumerTests "$work/project"
  rm -rf "$work/project"/{nuget.config,bin,obj}
  say "Testing a network that is composed of the package's blocks ..."
  consume build
  test_assembly "$work/project/bin/$configuration/net10.0/ConsumerTests.dll" "$work/results"
}

# Installs the packages as a stranger would and runs a forward pass from each kind of output.
run_consumer() {
  local output torchsharp
  cp -r tests/PackageConsumer "$work/project"
  export UNetFamilyVersion=$1 LibTorchVersion SkiaSharpVersion
  LibTorchVersion=$(property LibTorchVersion)
  SkiaSharpVersion=$(property SkiaSharpVersion)
  torchsharp=torchsharp/$(property TorchSharpVersion)
  export OnnxRuntimeVersion
  OnnxRuntimeVersion=$(sed -n 's/.*Include="Microsoft.ML.OnnxRuntime" Version="\([^"]*\)".*/\1/p' Directory.Packages.props)
  consume build --output "$work/built"
  consume publish --output "$work/published"
  consume publish --output "$work/published-linux-x64" --runtime linux-x64 --no-self-contained
  for output in built published published-linux-x64; do
    dotnet "$work/$output/PackageConsumer.dll" "$work/network.onnx" || fail "a project that installs the package does not run when it is $output."
    check_weak_need "$work/$output" "$work/packages/$torchsharp" "$RestoreFallbackFolders/$torchsharp"
  done
}

# What the first consumer exported, in an application that has no libtorch.
run_onnx_consumer() {
  rm -rf "$work/project"
  cp -r tests/OnnxConsumer "$work/project"
  consume publish --output "$work/onnx" --runtime linux-x64 --no-self-contained
  dotnet "$work/onnx/OnnxConsumer.dll" "$work/network.onnx" || fail "a project with ONNX Runtime and without libtorch does not run."
  printf 'It has %d MB.\n' "$(($(du -sb "$work/onnx" | cut -f 1) / 1000000))"
}

consume() {
  NUGET_PACKAGES=$work/packages quietly dotnet "$1" "$work/project" --configuration "$configuration" --verbosity quiet "${@:2}" ||
    fail "a project that installs the package does not build (dotnet $1)."
}

# TorchSharp's native file in the output ($1) differs from the one in the package (in any of the other folders) in one byte, still 0 there: not weak.
check_weak_need() {
  local files
  mapfile -t files < <(find "$@" -name libLibTorchSharp.so 2>/dev/null)
  [[ $(cmp -l "${files[0]}" "${files[1]}") =~ ^\ *[0-9]+\ +2\ +0$ ]] || fail "${files[0]} is not ${files[1]} with one weak need."
}

# $1, $2: a package and its version, as the consumer's restore has unpacked it; then what it may depend on.
check_package() {
  local name=$1 version=$2 folder=$work/packages/${1,,}/$2 dependencies expected file
  require_files "$folder" "lib/net10.0/$name".{dll,xml} README.md LICENSE "${name,,}.nuspec"
  expected=$(printf '%s\n' "${@:3}" | sort | paste -sd ' ')
  dependencies=$(sed -n 's/.*<dependency id="\([^"]*\)".*/\1/p' "$folder/${name,,}.nuspec" | sort | paste -sd ' ')
  [[ $dependencies == "$expected" ]] || fail "the package $name must depend on $expected alone, but depends on: $dependencies"
  file=$(find "$folder" -name '*.dll' ! -name "$name.dll" -o -name '*.so*' -o -name '*.py')
  [[ -z $file ]] || fail "the package $name holds what is not ours: $file"
  # A zip file's directory names its files in clear.
  grep -aq "lib/net10.0/$name.pdb" "$artifacts/$name.$version.snupkg" || fail "the symbols package of $name holds no symbols."
  printf '%s\n' "$artifacts/$name.$version.nupkg" "$artifacts/$name.$version.snupkg"
}

# Installs the tool as a stranger would, and runs it from a home with nothing in it.
check_tool() {
  local home=$work/home file
  mkdir -p "$home"
  HOME=$home DOTNET_CLI_HOME=$home NUGET_PACKAGES=$home/packages quietly dotnet tool install UNetFamily.Tool --version "$1" --tool-path "$work/tool" --add-source "$artifacts" ||
    fail "the tool does not install."
  env -u LD_LIBRARY_PATH HOME="$home" "$work/tool/unetfamily" summary unet-milesial --size 256 --depth 0 || fail "the tool does not run when it is installed."
  for file in "$artifacts"/UNetFamily.Tool.*nupkg; do
    printf '%s (%d MB)\n' "$file" "$(($(stat -c %s "$file") / 1000000))"
  done
}

# $1: a folder, then files that must be in it.
require_files() {
  local file
  for file in "${@:2}"; do
    [[ -s $1/$file ]] || fail "the package has no $file: $1"
  done
}

# -- The reference ----------------------------------------------------------------------------------------------------

# A web site of all public types and the pages of docs. DocFX sees only what lies below its configuration, so all that it needs is copied there.
api() {
  local work=$artifacts/api/work
  build samples/Readme
  rm -rf "$artifacts/api"
  mkdir -p "$work/bin"
  tar -c --exclude=bin --exclude=obj README.md CHANGELOG.md LICENSE docs samples src | tar -x -C "$work"
  cp "$work"/docs/api/{docfx.json,toc.yml} "$work"
  cp "$(dirname "$(output_of samples/Readme)")"/*.{dll,xml} "$work/bin"
  dotnet "$(output_of samples/Readme)" reference "$work"
  quietly dotnet tool restore || fail "DocFX can't be had."
  say "Making the site ..."
  quietly dotnet docfx "$work/docfx.json" --warningsAsErrors || fail "the reference has links that lead nowhere."
  cp "$artifacts"/api/site/{README,index}.html
  printf '%s (%d files, %d MB)\n' "$artifacts/api/site/index.html" "$(find "$artifacts/api/site" -type f | wc -l)" "$(($(du -sb "$artifacts/api/site" | cut -f 1) / 1000000))"
}

# -- The bundle -------------------------------------------------------------------------------------------------------

bundle() {
  local name file megabytes suffix=xz project
  name=unetfamily-$(property Version)-linux-x64
  command -v xz >/dev/null || suffix=gz
  file=$artifacts/$name.tar.$suffix
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT

  say "Building tests, benchmarks and the tool ..."
  # In one folder, so that what they share is there once; without a libtorch, and for a libstdc++ of any age. Nothing of that stays in the usual outputs.
  for project in tests/UNetFamily.Tests tests/UNetFamily.Benchmarks src/UNetFamily.Tool; do
    quietly dotnet publish "$project" --configuration "$configuration" --artifacts-path "$work/build" --output "$work/$name/app" \
      --runtime linux-x64 --no-self-contained -p:TorchRuntime=none -p:AllowOlderLibstdcxx=true -p:UseAppHost=false \
      -p:SatelliteResourceLanguages=en || fail "$project does not publish."
  done
  # nnU-Net's cases are a third of all, and their tests compute nothing on a GPU that others don't.
  rm -r "$work/$name/app/Reference/nnunet"
  copy_runtime "$work/$name/dotnet"
  cp tests/bundle/run.sh LICENSE "$work/$name"

  say "Compressing ..."
  mkdir -p "$artifacts"
  XZ_OPT='-6 -T0' tar -C "$work" --sort=name --owner=0 --group=0 --auto-compress -cf "$file" "$name"
  megabytes=$(($(stat -c %s "$file") / 1000000))
  ((megabytes < 80)) || fail "$file has $megabytes MB; a bundle must stay below 80."
  printf '%s (%d MB)\n' "$file" "$megabytes"
}

# The .NET runtime that the SDK here uses, and the program that starts it.
copy_runtime() {
  local version folder root
  read -r version folder < <(dotnet --list-runtimes | sed -n 's/^Microsoft\.NETCore\.App \(10[^ ]*\) \[\(.*\)\]$/\1 \2/p' | tail -n 1)
  root=${folder%/shared/*}
  mkdir -p "$1/shared/Microsoft.NETCore.App" "$1/host/fxr"
  cp "$root/dotnet" "$1"
  cp -r "$folder/$version" "$1/shared/Microsoft.NETCore.App"
  cp -r "$root/host/fxr/$version" "$1/host/fxr"
}

# -- Commands ---------------------------------------------------------------------------------------------------------

command=${1:-help}
(($# == 0)) || shift
[[ $command =~ ^(help|-h|--help)$ ]] || require_sdk
case $command in
  demo) run_project samples/BrainSegmentation "$@" ;;
  compose) run_project samples/ComposeYourOwn "$@" ;;
  domains) run_project samples/MultiDomain "$@" ;;
  tool) run_project src/UNetFamily.Tool "$@" ;;
  segment | doctor) run_project src/UNetFamily.Tool "$command" "$@" ;;
  bench) run_project tests/UNetFamily.Benchmarks "$@" ;;
  test) run_tests "$@" ;;
  pack) pack ;;
  consumer) consumer ;;
  api) api ;;
  bundle) bundle ;;
  dotnet) dotnet "$@" ;;
  help | -h | --help) usage ;;
  *)
    fail "there is no command '$command'; ./build.sh help lists them."
    ;;
esac

#!/usr/bin/env bash
# Sets up and runs everything: see `./build.sh help`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

readonly repo=$PWD
readonly artifacts=$repo/artifacts
readonly configuration=Release

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1

usage() {
  cat <<'END'
usage: ./build.sh <command> [arguments]

  demo [--quick]   trains a U-Net on a brain MRI and segments slices that it has not seen; --volumes does it in 3D
  compose          as demo, with a network that is in no paper, made of the blocks of two
  domains          trains one network for several domains of brain scans, and adds one to it
  segment          segments a NIfTI volume with a trained network: --model FILE --image FILE --out FILE
  test [args]      builds and runs every test; arguments go to `dotnet test`
                   --filter unet     the cases of one network, and the test classes of that name
                   --filter gelu     every test with that word in its name
  bench [name]     the benchmarks, as a table and as JSON in artifacts/bench; `bench help` lists them
  pack             the NuGet package into artifacts/, checked by a project that installs it
  bundle           tests and benchmarks as one file for a machine that has a libtorch and a C++ compiler, but no .NET
  doctor           what this machine computes with, how fast, and whether it computes correctly
  dotnet <args>    any dotnet command with the backend chosen, such as: dotnet run --project samples/Doctor
  help             this text

Each command installs what it needs first. The tensors come from the TorchSharp package where the configured NuGet
feeds have it, else from the libtorch of this machine.

  TORCH_BACKEND=torchsharp|system   decides instead of asking the feeds
  LIBTORCH=<folder>                 the libtorch for `system`; otherwise the distribution's, or that of Python's torch
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
  ((status == 0)) || awk '!seen[$0]++' "$log" >&2
  rm -f "$log"
  return "$status"
}

# ---------------------------------------------------------------------------------------------------------------------
# The .NET SDK
# ---------------------------------------------------------------------------------------------------------------------

require_sdk() {
  local version
  if ! command -v dotnet >/dev/null && [[ -x $HOME/.dotnet/dotnet ]]; then
    PATH=$HOME/.dotnet:$PATH
  fi
  command -v dotnet >/dev/null ||
    fail "needs the .NET 10 SDK, and there is no dotnet on the PATH. It comes from https://dotnet.microsoft.com/download or your distribution (dotnet-sdk-10.0)."
  version=$(dotnet --version 2>/dev/null) || version="no SDK"
  [[ ${version%%.*} =~ ^[1-9][0-9]+$ ]] ||
    fail "needs the .NET 10 SDK; $(command -v dotnet) has $version. It comes from https://dotnet.microsoft.com/download or your distribution (dotnet-sdk-10.0)."
}

# ---------------------------------------------------------------------------------------------------------------------
# The backend: the TorchSharp package, or the libtorch of this machine (Directory.Build.props has the property)
# ---------------------------------------------------------------------------------------------------------------------

require_backend() {
  require_sdk
  case ${TORCH_BACKEND:-} in
    torchsharp) TorchBackend=TorchSharp ;;
    system) TorchBackend=System ;;
    '') TorchBackend=$(backend_of_the_feeds) ;;
    *) fail "TORCH_BACKEND is '$TORCH_BACKEND'; it must be torchsharp (the published package) or system (the machine's own libtorch)." ;;
  esac
  export TorchBackend
  [[ $TorchBackend == TorchSharp ]] || require_libtorch
}

pinned_torchsharp() { sed -n 's:.*<TorchSharpVersion>\(.*\)</TorchSharpVersion>.*:\1:p' Directory.Packages.props; }

# Asks the feeds once; the answer is kept beside the other outputs.
backend_of_the_feeds() {
  local version answer known=$artifacts/backend
  version=$(pinned_torchsharp)
  if [[ -f $known && $(<"$known") == "$version "* ]]; then
    answer=$(<"$known")
    answer=${answer#* }
  elif feeds_have_torchsharp "$version"; then
    answer=TorchSharp
    remember "$version $answer" "$known"
  else
    answer=System
    # NU1101: no such package, NU1102: no such version. Anything else, such as an unreachable feed, is no answer to keep.
    [[ ! $(<"$artifacts/backend.log") =~ NU110[12] ]] || remember "$version $answer" "$known"
  fi
  [[ $answer == TorchSharp ]] ||
    say "The NuGet feeds here do not offer TorchSharp $version: using this machine's libtorch. (TORCH_BACKEND=torchsharp insists.)"
  printf '%s\n' "$answer"
}

remember() { printf '%s\n' "$1" >"$2"; }

# Downloads the managed package and the small package that names the native ones, without their dependencies. The project lies
# below the repository, where the feeds of its configuration files hold, but takes nothing else from there.
feeds_have_torchsharp() {
  local probe=$artifacts/probe
  mkdir -p "$probe"
  cat >"$probe/probe.csproj" <<END
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup>
  <ItemGroup>
    <PackageDownload Include="TorchSharp" Version="[$1]" />
    <PackageDownload Include="TorchSharp-cpu" Version="[$1]" />
  </ItemGroup>
</Project>
END
  dotnet restore "$probe/probe.csproj" --verbosity quiet -p:ImportDirectoryBuildProps=false -p:ImportDirectoryBuildTargets=false \
    -p:ImportDirectoryPackagesProps=false >"$artifacts/backend.log" 2>&1
}

# ---------------------------------------------------------------------------------------------------------------------
# The machine's libtorch, a C++ compiler, and a BLAS that deserves the name
# ---------------------------------------------------------------------------------------------------------------------

require_libtorch() {
  local missing=()
  [[ -z ${LIBTORCH:-} ]] || native --stamp >/dev/null || exit 1
  if ! command -v "${CXX:-g++}" >/dev/null; then
    [[ -z ${CXX:-} ]] || fail "CXX is '$CXX', and there is no such compiler."
    missing+=(g++)
  fi
  [[ -n $(libtorch) ]] || missing+=(libtorch-dev)
  if [[ -z $(libtorch) || $(libtorch) == /usr/lib/* ]]; then
    has_openblas || missing+=(libopenblas0-pthread)
  fi
  ((${#missing[@]} == 0)) || apt_install "${missing[@]}"
  [[ $(libtorch) != /usr/lib/* ]] || prefer_openblas
}

native() { sh src/TorchSharp.SystemLibTorch/native/build.sh "$@"; }

# The file of the libtorch that will be used: LIBTORCH's, the distribution's, or that of Python's torch.
libtorch() { native --stamp 2>/dev/null || true; }

has_openblas() { compgen -G '/usr/lib/*/openblas-*/libblas.so.3' >/dev/null; }

# The reference BLAS is about thirty times slower. A BLAS that somebody chose (MKL, BLIS, ATLAS) is left alone.
prefer_openblas() {
  local library name target
  for library in libblas.so.3 liblapack.so.3; do
    while read -r name _ target; do
      [[ $target == */blas/libblas.so.3 || $target == */lapack/liblapack.so.3 ]] || continue
      target=$(compgen -G "/usr/lib/*/openblas-*/$library" | head -n 1)
      if [[ -n $target ]] && quietly as_root update-alternatives --set "$name" "$target"; then
        say "$library was the slow reference implementation: switched to OpenBLAS (update-alternatives --config $name chooses another)."
      else
        say "Warning: $library is the slow reference implementation. Please run: sudo update-alternatives --config $name"
      fi
    done < <(update-alternatives --get-selections 2>/dev/null | grep "^$library" || true)
  done
}

as_root() {
  if ((EUID == 0)); then
    "$@"
  else
    sudo -n "$@"
  fi
}

apt_install() {
  local command="apt-get install -y --no-install-recommends $*"
  command -v apt-get >/dev/null ||
    fail "needs $* (Debian's names) and knows apt-get only. Install them, or set LIBTORCH to a folder with libtorch's include and lib."
  ((EUID == 0)) || sudo -n true 2>/dev/null ||
    fail "needs packages that only root can install. Please run, then try again:
  sudo apt-get update && sudo $command"

  say "Installing $* ..."
  apt_knows "$@" || quietly as_root apt-get update
  # Lists that are too old name files that are gone; then a second try with fresh ones.
  quietly apt_get_install "$@" 2>/dev/null || {
    quietly as_root apt-get update
    quietly apt_get_install "$@" || fail "could not install $*. The command was: $command"
  }
}

apt_get_install() { as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; }

apt_knows() {
  local package
  for package; do
    [[ -n $(apt-cache madison "$package" 2>/dev/null) ]] || return 1
  done
}

# ---------------------------------------------------------------------------------------------------------------------
# Commands
# ---------------------------------------------------------------------------------------------------------------------

build() {
  say "Building $1 ..."
  quietly dotnet build "$1" --configuration "$configuration" --verbosity quiet || fail "$1 does not build."
}

output_of() { printf '%s/bin/%s/net10.0/%s.dll\n' "$repo/$1" "$configuration" "${1##*/}"; }

run_project() {
  local project=$1
  shift
  require_backend
  build "$project"
  dotnet "$(output_of "$project")" "$@"
}

demo() { run_project samples/BrainSegmentation "$@"; }

compose() { run_project samples/ComposeYourOwn "$@"; }

domains() { run_project samples/MultiDomain "$@"; }

segment() { run_project samples/Segment "$@"; }

doctor() { run_project samples/Doctor "$@"; }

bench() { run_project tests/UNetFamily.Benchmarks "$@"; }

run_tests() {
  local arguments results=$artifacts/test-results status=0
  require_backend
  build tests/UNetFamily.Tests
  rm -rf "$results"
  mapfile -d '' -t arguments < <(expand_filter "$@")
  dotnet test "$(output_of tests/UNetFamily.Tests)" --results-directory "$results" \
    --logger 'trx;LogFileName=tests.trx' --logger 'console;verbosity=normal' "${arguments[@]}" 2>&1 |
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
      if [[ -t 1 ]]; then
        printf '\r  %d passed' "$passed"
      elif ((SECONDS - shown >= 10)); then
        printf '  %d passed\n' "$passed"
        shown=$SECONDS
      fi
    elif [[ -n $line && ! $line =~ $noise ]]; then
      if [[ -t 1 ]]; then printf '\r'; fi
      printf '%s\n' "$line"
    fi
  done
}

# The last line is the count. A run without a test, or one that broke off, has failed whatever its counters say.
report_tests() {
  local trx=$1 status=$2 total passed failed skipped
  total=$(counter total "$trx") passed=$(counter passed "$trx")
  skipped=$((total - $(counter executed "$trx")))
  failed=$((total - passed - skipped))
  if ((status != 0 && failed == 0)); then
    say "The test run broke off."
    failed=1
  elif ((total == 0)); then
    say "No test ran."
    status=1
  elif ((failed > 0 && status == 0)); then
    status=1
  fi
  printf '%d passed, %d failed' "$passed" "$failed"
  ((skipped == 0)) || printf ', %d skipped' "$skipped"
  printf '\n'
  return "$status"
}

counter() {
  local value=''
  [[ ! -f $2 ]] || value=$(sed -n "s/.*<Counters[^>]* $1=\"\([0-9]*\)\".*/\1/p" "$2" | head -n 1)
  printf '%s\n' "${value:-0}"
}

# ---------------------------------------------------------------------------------------------------------------------
# The package
# ---------------------------------------------------------------------------------------------------------------------

pack() {
  local version
  require_backend
  version=$(dotnet msbuild src/UNetFamily -getProperty:Version)
  rm -f "$artifacts"/UNetFamily.*nupkg
  quietly dotnet pack src/UNetFamily --configuration "$configuration" --output "$artifacts" -p:ContinuousIntegrationBuild=true ||
    fail "src/UNetFamily does not pack."
  # The folder must not be below the repository, whose settings would reach it.
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  run_consumer "$version"
  check_package "$work/packages/unetfamily/$version"
  check_symbols "$artifacts/UNetFamily.$version.snupkg"
  printf '%s\n' "$artifacts/UNetFamily.$version.nupkg" "$artifacts/UNetFamily.$version.snupkg"
}

# Installs the package as a stranger would, into a package folder of its own, and runs a forward pass.
run_consumer() {
  cp tests/PackageConsumer/{PackageConsumer.csproj,Program.cs} "$work"
  if [[ $TorchBackend == System ]]; then
    make_stand_in "$work/stand-in"
    write_feeds '<clear />' "$work/stand-in" >"$work/nuget.config"
  else
    # The native packages are large: what the user's own package folder holds is not downloaded again.
    RESTORE_FALLBACK=$(dotnet nuget locals global-packages --list | sed 's/^[^:]*: //')
    write_feeds '' >"$work/nuget.config"
  fi
  (
    cd "$work"
    export NUGET_PACKAGES=$work/packages UNetFamilyVersion=$1 TorchSharpVersion
    TorchSharpVersion=$(cd "$repo" && pinned_torchsharp)
    quietly dotnet build --configuration "$configuration" --verbosity quiet ${RESTORE_FALLBACK:+"-p:RestoreFallbackFolders=$RESTORE_FALLBACK"} &&
      { [[ $TorchBackend == TorchSharp ]] || cp "$(native_file)" "bin/$configuration/net10.0"; } &&
      dotnet "bin/$configuration/net10.0/PackageConsumer.dll"
  ) || fail "a project that installs the package does not build or run."
}

# A nuget.config with the packed files and the folders given; $1 says what happens to the feeds that are configured elsewhere.
write_feeds() {
  local feed
  printf '<configuration>\n  <packageSources>\n    %s\n' "$1"
  shift
  for feed in "$artifacts" "$@"; do
    printf '    <add key="%s" value="%s" />\n' "${feed##*/}" "$feed"
  done
  printf '  </packageSources>\n</configuration>\n'
}

# A package by TorchSharp's name, made from the subset, in a folder that only this check knows. Its native file is copied by hand.
make_stand_in() {
  cp tests/PackageConsumer/StandIn.nuspec "$work"
  quietly dotnet pack src/TorchSharp.SystemLibTorch --configuration "$configuration" --output "$1" -p:IsPackable=true \
    -p:NuspecFile="$work/StandIn.nuspec" -p:NuspecBasePath=/ \
    "-p:NuspecProperties=\"version=$(pinned_torchsharp);output=$repo/src/TorchSharp.SystemLibTorch/bin/$configuration/net10.0\"" ||
    fail "the stand-in for TorchSharp does not pack."
}

native_file() { printf '%s\n' "$repo/src/TorchSharp.SystemLibTorch/bin/$configuration/net10.0/libTorchSharpSystem.so"; }

# $1: the package as the consumer's restore has unpacked it.
check_package() {
  local file dependencies
  for file in lib/net10.0/UNetFamily.dll lib/net10.0/UNetFamily.xml README.md LICENSE unetfamily.nuspec; do
    [[ -s $1/$file ]] || fail "the package has no $file."
  done
  dependencies=$(grep -o '<dependency [^>]*' "$1/unetfamily.nuspec" | sed 's/ exclude="[^"]*"//; s/ *\/$//')
  [[ $dependencies == "<dependency id=\"TorchSharp\" version=\"$(pinned_torchsharp)\"" ]] ||
    fail "the package must depend on TorchSharp $(pinned_torchsharp) alone, but has: $dependencies"
  file=$(find "$1" -name '*.dll' ! -name UNetFamily.dll -o -name '*.so*' -o -name '*.py')
  [[ -z $file ]] || fail "the package holds what is not ours: $file"
}

# A zip file's directory names its files in clear.
check_symbols() { grep -aq lib/net10.0/UNetFamily.pdb "$1" || fail "$1 holds no symbols."; }

# ---------------------------------------------------------------------------------------------------------------------
# The bundle
# ---------------------------------------------------------------------------------------------------------------------

bundle() {
  local version name file megabytes suffix=xz
  TORCH_BACKEND=system require_backend
  version=$(dotnet msbuild src/UNetFamily -getProperty:Version)
  name=unetfamily-$version-$(uname -s | tr '[:upper:]' '[:lower:]')-$(uname -m)
  command -v xz >/dev/null || suffix=gz
  file=$artifacts/$name.tar.$suffix
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT

  say "Building tests, benchmarks and doctor ..."
  publish "$work/$name/app" tests/UNetFamily.Tests tests/UNetFamily.Benchmarks samples/Doctor
  copy_runtime "$work/$name/dotnet"
  cp -r src/TorchSharp.SystemLibTorch/native "$work/$name/native"
  cp tests/bundle/run.sh LICENSE "$work/$name"

  say "Compressing ..."
  mkdir -p "$artifacts"
  XZ_OPT='-6 -T0' tar -C "$work" --sort=name --owner=0 --group=0 --auto-compress -cf "$file" "$name"
  megabytes=$(($(stat -c %s "$file") / 1000000))
  ((megabytes < 60)) || fail "$file has $megabytes MB; a bundle must stay below 60."
  printf '%s (%d MB)\n' "$file" "$megabytes"
}

# Several programs in one folder, so that what they share is there once. The native file is built where the bundle runs.
publish() {
  local folder=$1 project
  shift
  for project; do
    quietly dotnet publish "$project" --configuration "$configuration" --output "$folder" -p:UseAppHost=false -p:SatelliteResourceLanguages=en ||
      fail "$project does not publish."
  done
  rm -f "$folder/libTorchSharpSystem.so"
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

main() {
  local command=${1:-help}
  (($# == 0)) || shift
  case $command in
    demo) demo "$@" ;;
    compose) compose "$@" ;;
    domains) domains "$@" ;;
    segment) segment "$@" ;;
    test) run_tests "$@" ;;
    bench) bench "$@" ;;
    pack) pack ;;
    bundle) bundle ;;
    doctor) doctor "$@" ;;
    dotnet)
      require_backend
      dotnet "$@"
      ;;
    help | -h | --help) usage ;;
    *)
      usage >&2
      fail "there is no command '$command'."
      ;;
  esac
}

main "$@"

# The daily commands: `just` lists them. All of it can be typed without just.

[private]
default:
    @{{just_executable()}} --list --unsorted

# a rehearsal with config/; nobody is written to
run *args:
    cargo run --release -- servir {{args}}

# a first run in an empty folder, as a newcomer has it
first:
    cargo build --release
    cd "$(mktemp -d)" && pwd && "{{justfile_directory()}}/target/release/vigia-suas" servir --uma-vez && find . -type d

# does it compile, tests and benches too
check:
    cargo check --all-targets

# every test that needs no peer
test:
    INSTA_UPDATE=no cargo test

# the tests whose path holds a word, in the crate or in tests/it: `just one mail::smtp`
one word:
    INSTA_UPDATE=no cargo test --lib -- {{word}}
    INSTA_UPDATE=no cargo test --test it -- {{word}}

# take in the snapshots of some tests, and look at what changed
snapshots word:
    INSTA_UPDATE=always cargo test -- {{word}}
    git diff --stat -- '*.snap'

# format, clippy and documentation, as .ci/run asks
lint:
    cargo fmt --check
    cargo clippy --all-targets --locked -- -D warnings
    RUSTDOCFLAGS='-D warnings' cargo doc --no-deps --document-private-items --locked

# the laws on thousands of drawn worlds
laws:
    cargo test --release --test it -- plan:: change::

# the tests that need a peer (Debian, as root; CONTRIBUTING.md says what must be installed) or minutes
peers *args:
    cargo test -- --ignored {{args}}

# decoders under damaged bytes, that number of times
fuzz times="1000000":
    FUZZ={{times}} cargo test --lib --release -- --ignored fuzz --nocapture

# lines that no test of the crate reaches, as pages in target/llvm-cov/html (needs cargo-llvm-cov)
coverage *args:
    INSTA_UPDATE=no cargo llvm-cov --html {{args}}

# what everything costs, beside a yardstick in the same run; words choose parts (CONTRIBUTING.md)
bench *parts:
    cargo bench --bench table -- {{parts}}

# what is installed: a Debian package in target/debian (needs cargo-deb)
package:
    deploy/package

# that package on a machine of its own (as root; deploy/package release makes one sooner)
machine package:
    tests/systemd/run {{package}}

# everything that must hold before a change is taken in
ci:
    .ci/run

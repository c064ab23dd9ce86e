//! Arguments in, exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    vigia_suas::cli::main(std::env::args_os())
}

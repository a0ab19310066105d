//! The program: parse, run, show the error, exit status.

use std::process::ExitCode;

fn main() -> ExitCode {
    // A panic is a bug of ours: one short message, exit status 2, no backtrace unless asked for.
    if std::env::var_os("RUST_BACKTRACE").is_none() {
        std::panic::set_hook(Box::new(|_| {}));
    }
    let status = std::panic::catch_unwind(|| siyu::cli::run(std::env::args_os()));
    ExitCode::from(status.unwrap_or_else(|panic| siyu::cli::show_panic(panic.as_ref())))
}

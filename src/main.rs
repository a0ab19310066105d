//! The program: parse, run, show the error, exit status.

use std::process::ExitCode;

/// Columns are allocated and freed by the megabyte, on several threads: the system's allocator gives each back to the
/// kernel and faults it in again (measured: docs/decisions/0003).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // A panic is a bug of ours: one short message, exit status 2, no backtrace unless asked for.
    if std::env::var_os("RUST_BACKTRACE").is_none() {
        std::panic::set_hook(Box::new(|_| {}));
    }
    let status = std::panic::catch_unwind(|| siyu::cli::run(std::env::args_os()));
    ExitCode::from(status.unwrap_or_else(|panic| siyu::cli::show_panic(panic.as_ref())))
}

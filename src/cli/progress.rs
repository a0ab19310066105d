//! A progress bar on standard error for what takes more than a second, on a terminal only.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::input::Progress;

/// Nothing is drawn for work that is done within this time.
const PATIENCE: Duration = Duration::from_secs(1);

/// What the bar counts.
#[derive(Debug, Clone, Copy)]
pub enum Unit {
    Bytes,
    /// Parts of the work of one size.
    Parts,
}

/// The bar; dropping it clears the line. The clock is read for drawing alone, never for a result.
pub struct Bar {
    bar: Arc<OnceLock<ProgressBar>>,
    callback: Progress,
}

impl Bar {
    /// `None` when standard error is no terminal or progress is not wanted.
    pub fn new(wanted: bool, unit: Unit) -> Option<Self> {
        if !wanted || !std::io::stderr().is_terminal() {
            return None;
        }
        let bar: Arc<OnceLock<ProgressBar>> = Arc::default();
        let (shared, start) = (Arc::clone(&bar), Instant::now());
        let callback = Progress(Arc::new(move |done, total| {
            if start.elapsed() < PATIENCE {
                return;
            }
            let bar = shared.get_or_init(|| {
                let template = match unit {
                    Unit::Bytes => "{bar:30} {percent:>3}% {bytes}/{total_bytes} {bytes_per_sec} {eta}",
                    Unit::Parts => "{bar:30} {percent:>3}% {eta}",
                };
                let style = ProgressStyle::with_template(template)
                    .unwrap_or_else(|_| ProgressStyle::default_bar())
                    .progress_chars("█▉▊▋▌▍▎▏ ");
                ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr()).with_style(style)
            });
            bar.set_length(total);
            bar.set_position(done);
        }));
        Some(Self { bar, callback })
    }

    pub fn callback(&self) -> Progress {
        self.callback.clone()
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = self.bar.get() {
            bar.finish_and_clear();
        }
    }
}

//! Rows of journeys beyond memory, in a temporary file without a name.

use std::fs::File;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use super::source::{read_at, write_at};
use crate::error::{Error, Result};

/// The file is made when there is something to be put into it, and is gone when this is dropped.
#[derive(Debug, Default)]
pub struct TemporarySpill {
    file: OnceLock<File>,
    /// Where the next bytes go.
    end: AtomicU64,
    /// What messages call it; `None`: the folder for temporary files.
    path: Option<PathBuf>,
}

impl TemporarySpill {
    /// Keeps the bytes, and says where they begin.
    pub fn append(&self, bytes: &[u8]) -> Result<u64> {
        let file = self.file()?;
        let start = self.end.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        write_at(file, bytes, start).map_err(|source| self.failed("write a temporary file in", source))?;
        Ok(start)
    }

    /// Fills `bytes` with what was kept from `start` on.
    pub fn read(&self, start: u64, bytes: &mut [u8]) -> Result<()> {
        let failed = |source| self.failed("read a temporary file in", source);
        read_at(self.file()?, bytes, start).map_err(failed)
    }

    fn file(&self) -> Result<&File> {
        if let Some(file) = self.file.get() {
            return Ok(file);
        }
        // Of two threads one makes it in vain.
        let file = tempfile::tempfile().map_err(|source| self.failed("write a temporary file in", source))?;
        Ok(self.file.get_or_init(|| file))
    }

    fn failed(&self, action: &'static str, source: std::io::Error) -> Error {
        let path = self.path.clone().unwrap_or_else(std::env::temp_dir);
        Error::Io { action, path: path.display().to_string(), source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_comes_back() {
        let spill = TemporarySpill::default();
        let starts: Vec<u64> =
            (0..100_u8).map(|n| spill.append(&vec![n; usize::from(n) * 1000]).unwrap()).collect();
        for (n, start) in (0..100_u8).zip(starts).rev() {
            let mut bytes = vec![0; usize::from(n) * 1000];
            spill.read(start, &mut bytes).unwrap();
            assert!(bytes.iter().all(|byte| *byte == n));
        }
        // What was never kept.
        let error = spill.read(1 << 40, &mut [0]).unwrap_err();
        assert!(error.to_string().starts_with("cannot read a temporary file in "), "{error}");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_is_an_error_with_its_place() {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let spill =
            TemporarySpill { file: full.into(), path: Some("/mnt/full".into()), ..TemporarySpill::default() };
        let error = spill.append(&[1; 10]).unwrap_err();
        assert_eq!(error.code(), "io");
        let said = error.to_string();
        assert!(said.starts_with("cannot write a temporary file in /mnt/full: "), "{said}");
    }
}

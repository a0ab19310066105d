use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::output::sink::{self, Failure, Target};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"))
}

fn put(path: &Path, content: &'static [u8]) -> crate::error::Result<()> {
    sink::write(&Target::File(path.to_owned()), |out| Ok(out.write_all(content)?))
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.map(|e| e.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn content(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn a_file_is_replaced_whole_or_stays() {
    let folder = folder();
    let path = folder.path().join("a.csv");
    assert!(put(&path, b"old").is_ok());
    let failures: [fn() -> Failure; 2] = [
        || Failure::Io(io::ErrorKind::StorageFull.into()),
        || Failure::Ours(Error::Internal { doing: "x".into(), why: "y".into() }),
    ];
    for failure in failures {
        let written = sink::write(&Target::File(path.clone()), |out| {
            out.write_all(&vec![b'x'; 1 << 20])?;
            Err(failure())
        });
        match written {
            Err(Error::Io { path: named, .. }) => assert_eq!(PathBuf::from(named), path),
            Err(Error::Internal { .. }) => {}
            other => panic!("{other:?}"),
        }
        assert_eq!(content(&path), "old");
        assert_eq!(names(folder.path()), ["a.csv"], "no temporary file is left");
    }
    let panicked = std::panic::catch_unwind(|| {
        let _ = sink::write(&Target::File(path.clone()), |_| panic!("on purpose"));
    });
    assert!(panicked.is_err());
    assert_eq!(names(folder.path()), ["a.csv"]);
    assert!(put(&path, b"new").is_ok());
    assert_eq!(content(&path), "new");
}

#[cfg(unix)]
#[test]
fn a_file_has_the_usual_mode_or_that_of_the_one_before_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let mode = |path: &Path| fs::metadata(path).map(|m| m.permissions().mode() & 0o7777).unwrap_or(0);
    let (usual, ours) = (folder.path().join("usual"), folder.path().join("ours.csv"));
    fs::write(&usual, "").unwrap_or_else(|e| panic!("{e}"));
    assert!(put(&ours, b"1").is_ok());
    assert_eq!(mode(&ours), mode(&usual));
    for kept in [0o640, 0o600, 0o666] {
        fs::set_permissions(&ours, fs::Permissions::from_mode(kept)).unwrap_or_else(|e| panic!("{e}"));
        assert!(put(&ours, b"2").is_ok());
        assert_eq!(mode(&ours), kept);
    }
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link() {
    let folder = folder();
    let (target, link, chain) =
        (folder.path().join("real.csv"), folder.path().join("link.csv"), folder.path().join("chain.csv"));
    for (to, at) in [("real.csv", &link), ("link.csv", &chain)] {
        std::os::unix::fs::symlink(to, at).unwrap_or_else(|e| panic!("{e}"));
    }
    for content_then in [b"first".as_slice(), b"second"] {
        assert!(put(&chain, content_then).is_ok());
        assert_eq!(content(&target).as_bytes(), content_then);
        assert!(chain.is_symlink() && link.is_symlink() && !target.is_symlink());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn devices_and_pipes_are_written_as_they_are() {
    let full = Target::of(Some(Path::new("/dev/full"))).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(full, Target::Direct("/dev/full".into()));
    match sink::write(&full, |out| Ok(out.write_all(b"x")?)) {
        Err(Error::Io { action: "write", path, source }) => {
            assert_eq!((path.as_str(), source.kind()), ("/dev/full", io::ErrorKind::StorageFull));
        }
        other => panic!("{other:?}"),
    }
    let null = Target::of(Some(Path::new("/dev/null"))).unwrap_or_else(|e| panic!("{e}"));
    assert!(sink::write(&null, |out| Ok(out.write_all(b"x")?)).is_ok());

    let folder = folder();
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.is_ok_and(|status| status.success()));
    let target = Target::of(Some(&pipe)).unwrap_or_else(|e| panic!("{e}"));
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::File::open(pipe).map(drop)
    });
    let written = sink::write(&target, |out| {
        let _ = reader.join();
        Ok(out.write_all(&vec![b'x'; 1 << 20])?)
    });
    assert!(matches!(written, Err(Error::BrokenPipe)), "{written:?}");
    assert_eq!(Error::BrokenPipe.exit_status(), 0);
}

/// What comes back from a writer that closes midway, and on the last flush.
#[test]
fn a_closed_pipe_is_known_as_one() {
    let failure = Failure::Io(io::ErrorKind::BrokenPipe.into());
    assert!(matches!(failure.into_error("standard output"), Error::BrokenPipe));
}

#[test]
fn an_interrupt_takes_the_temporary_files_with_it() {
    let folder = folder();
    let path = folder.path().join("a.csv");
    // Other tests write at the same time: only what is in this folder is looked at.
    let written = sink::write(&Target::File(path.clone()), |out| {
        out.write_all(b"x")?;
        let begun = names(folder.path());
        assert!(begun.len() == 1 && begun[0].starts_with(".siyu-"), "{begun:?}");
        for name in begun {
            sink::remove_temporary_file(&folder.path().join(name));
        }
        Ok(())
    });
    assert!(matches!(written, Err(Error::Io { .. })), "{written:?}");
    assert!(names(folder.path()).is_empty());
}

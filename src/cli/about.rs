//! Commands that tell about the tool itself: definitions, completion scripts, manual pages.

use std::path::PathBuf;

use clap::Args;

use crate::error::{Error, Result, nearest};
use crate::reports;

#[derive(Args, Debug)]
pub struct ExplainArgs {
    /// Which report; without it, a list of them
    #[arg(value_name = "REPORT")]
    name: Option<String>,
}

pub fn explain(args: &ExplainArgs) -> Result<u8> {
    let Some(name) = &args.name else {
        let width = reports::all().iter().map(|r| r.name.len()).max().unwrap_or(0);
        let list: String =
            reports::all().iter().map(|r| format!("{:width$}  {}\n", r.name, r.about)).collect();
        super::print_text(&list)?;
        return Ok(0);
    };
    let Some(report) = reports::all().iter().find(|r| r.name == name) else {
        let known: Vec<&str> = reports::all().iter().map(|r| r.name).collect();
        return Err(Error::UnknownName {
            what: "report",
            name: name.clone(),
            nearest: nearest(name, known.iter().copied()),
            known: known.into_iter().map(str::to_owned).collect(),
        });
    };
    super::print_text(report.doc)?;
    Ok(0)
}

#[derive(Args, Debug)]
pub struct CompletionsArgs {
    /// Which shell
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

pub fn completions(args: &CompletionsArgs) -> Result<u8> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut super::command(), "siyu", &mut script);
    super::print_text(&String::from_utf8_lossy(&script))?;
    Ok(0)
}

#[derive(Args, Debug)]
pub struct ManArgs {
    /// Which command; without it, the page of siyu itself
    #[arg(value_name = "COMMAND", conflicts_with = "out")]
    name: Option<String>,
    /// Write all pages into this folder
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

pub fn man(args: &ManArgs) -> Result<u8> {
    let mut command = super::command();
    command.build();
    if let Some(folder) = &args.out {
        std::fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(command, folder)).map_err(
            |source| Error::Io {
                action: "write manual pages to",
                path: folder.display().to_string(),
                source,
            },
        )?;
        return Ok(0);
    }
    let page = match &args.name {
        None => command,
        Some(name) => match command.find_subcommand(name) {
            Some(sub) => {
                let title = format!("siyu-{name}");
                sub.clone().name(title.clone()).display_name(title)
            }
            None => {
                let known: Vec<String> =
                    command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
                return Err(Error::UnknownName {
                    what: "command",
                    name: name.clone(),
                    nearest: nearest(name, known.iter().map(String::as_str)),
                    known,
                });
            }
        },
    };
    let mut text = Vec::new();
    clap_mangen::Man::new(page).render(&mut text).map_err(|source| Error::Io {
        action: "write",
        path: "the manual page".into(),
        source,
    })?;
    super::print_text(&String::from_utf8_lossy(&text))?;
    Ok(0)
}

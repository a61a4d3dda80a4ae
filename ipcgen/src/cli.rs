//! What was typed, and what it means. Relies on clap; does no work.

mod evolve;
mod import;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use ipcgen::emit::Language;

pub(crate) use import::{From, Import};

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Print one language's code for one schema.
    Print { schema: PathBuf, language: Language },
    /// Write files into a folder.
    Write { schemas: Vec<PathBuf>, languages: Vec<Language>, folder: PathBuf, depfile: Option<PathBuf> },
    /// Compare the files in a folder with what would be written.
    Compare { schemas: Vec<PathBuf>, languages: Vec<Language>, folder: PathBuf },
    /// Print layouts.
    Layout { schemas: Vec<PathBuf>, format: Format },
    /// Write the schema of a struct that a program has.
    Import(Import),
    /// Add versions to locks.
    Lock { schemas: Vec<PathBuf>, out: Option<PathBuf> },
    /// Compare schemas with what they were.
    Check { schemas: Vec<PathBuf>, against: Option<PathBuf> },
    /// Explain a rule by its code.
    Explain { code: String },
}

/// How layouts are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people.
    Table,
    /// For programs.
    Json,
    /// For documents.
    Svg,
}

const EXAMPLES: &str = "Examples:
  ipcgen md.toml                      print the C header
  ipcgen md.toml --lang rust          print the Rust module
  ipcgen md.toml -o generated         write md.h, md.rs and the C runtime's headers
  ipcgen md.toml -o generated --lang python,go
                                      write md.py, md/records.go and the readers of tables that belong to them
  ipcgen md.toml -o generated --check fail when those files are not what would be written
  ipcgen layout md.toml               show offsets, sizes, padding and cache lines
  ipcgen import feed.h --record quote  print the schema of a struct that a program has already
  ipcgen check md.toml                fail when programs of an earlier version, in md.lock, would break
  ipcgen lock md.toml                 add this version to md.lock, once programs are built with it
  ipcgen explain E0301                explain an error

Exit status: 0 done; 1 an error in a schema, a broken version, or files out of date; 2 wrong usage, or a file that cannot be read or written";

/// Parses the command line.
///
/// # Errors
/// clap's, which also stand for `--help` and `--version`.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Action, clap::Error> {
    let matches = command().try_get_matches_from(arguments)?;
    match matches.subcommand() {
        Some(("layout", matches)) => {
            let format = match matches.get_one::<String>("format").map(String::as_str) {
                Some("json") => Format::Json,
                Some("svg") => Format::Svg,
                _ => Format::Table,
            };
            Ok(Action::Layout { schemas: paths(matches, "schema"), format })
        }
        Some(("import", matches)) => Ok(Action::Import(import::action(matches))),
        Some(("lock", matches)) => evolve::locking(matches),
        Some(("check", matches)) => evolve::checking(matches),
        Some(("explain", matches)) => {
            Ok(Action::Explain { code: matches.get_one::<String>("code").cloned().unwrap_or_default() })
        }
        _ => generate(&matches),
    }
}

fn usage(words: &str) -> clap::Error {
    clap::Error::raw(clap::error::ErrorKind::MissingRequiredArgument, words).with_cmd(&command())
}

fn generate(matches: &ArgMatches) -> Result<Action, clap::Error> {
    let mut schemas = paths(matches, "schema");
    let chosen: Vec<&Language> = matches.get_many("lang").unwrap_or_default().collect();
    let mut languages = if chosen.is_empty() { Language::USUAL.to_vec() } else { Language::ALL.to_vec() };
    if !chosen.is_empty() {
        languages.retain(|language| chosen.contains(&language));
    }
    let Some(folder) = matches.get_one::<PathBuf>("out").cloned() else {
        if schemas.len() > 1 {
            return Err(usage("several schemas do not fit into one output: add -o DIR\n"));
        }
        return match (schemas.pop(), languages.as_slice()) {
            (Some(schema), &[language]) => Ok(Action::Print { schema, language }),
            (Some(schema), _) if chosen.is_empty() => Ok(Action::Print { schema, language: Language::C }),
            _ => Err(usage("several languages do not fit into one output: add -o DIR\n")),
        };
    };
    Ok(if matches.get_flag("check") {
        Action::Compare { schemas, languages, folder }
    } else {
        Action::Write { schemas, languages, folder, depfile: matches.get_one::<PathBuf>("depfile").cloned() }
    })
}

fn paths(matches: &ArgMatches, id: &str) -> Vec<PathBuf> {
    matches.get_many::<PathBuf>(id).unwrap_or_default().cloned().collect()
}

fn command() -> Command {
    let path = || value_parser!(PathBuf);
    let schema = || {
        Arg::new("schema")
            .value_name("SCHEMA")
            .required(true)
            .action(ArgAction::Append)
            .num_args(1..)
            .value_parser(path())
            .help("Schema files (TOML)")
    };
    // What is asked for and is no language of its own: the headers for C are for C++ too.
    let cpp = PossibleValue::new("cpp").aliases(["c++", "cxx"]).hide(true);
    let names = Language::ALL.map(|language| PossibleValue::new(language.name()));
    let languages = PossibleValuesParser::new(names.into_iter().chain([cpp])).try_map(|name| {
        let language = Language::ALL.into_iter().find(|language| language.name() == name);
        language.ok_or("the headers that `c` writes are for C++ as well: say `--lang c`")
    });
    Command::new("ipcgen")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Turns a schema of fixed-layout records into C, Rust, Python and Go that agree byte for byte.")
        .after_help(EXAMPLES)
        .args_conflicts_with_subcommands(true)
        .subcommand_negates_reqs(true)
        .arg(schema())
        .arg(
            Arg::new("out")
                .short('o')
                .long("out")
                .value_name("DIR")
                .value_parser(path())
                .help("Write files into this folder instead of printing; it is made when it is not there"),
        )
        .arg(
            Arg::new("lang")
                .long("lang")
                .value_name("LANGUAGE")
                .value_parser(languages)
                .value_delimiter(',')
                .action(ArgAction::Append)
                .help("Languages, separated by commas [default: c,rust with -o, else c]"),
        )
        .arg(
            Arg::new("check")
                .long("check")
                .action(ArgAction::SetTrue)
                .requires("out")
                .conflicts_with("depfile")
                .help("Write nothing; print how the files in the folder differ"),
        )
        .arg(
            Arg::new("depfile")
                .long("depfile")
                .value_name("FILE")
                .value_parser(path())
                .requires("out")
                .help("Write a make rule that says what the files depend on"),
        )
        .subcommand(
            Command::new("layout").about("Shows offsets, sizes, padding and cache lines").arg(schema()).arg(
                Arg::new("format")
                    .long("format")
                    .value_name("FORMAT")
                    .default_value("table")
                    .value_parser(["table", "json", "svg"])
                    .help("A table for people, JSON for programs, or a drawing for documents"),
            ),
        )
        .subcommand(import::command())
        .subcommand(evolve::lock(schema()))
        .subcommand(evolve::check(schema()))
        .subcommand(
            Command::new("explain")
                .about("Explains an error or a warning by its code")
                .arg(Arg::new("code").value_name("CODE").required(true).help("Such as E0301")),
        )
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use ipcgen::emit::Language;

    use super::{Action, Format, command, parse};

    fn typed(line: &str) -> Result<Action, clap::Error> {
        parse(line.split(' ').map(Into::into))
    }

    #[test]
    fn clap_finds_no_fault_with_the_definition() {
        command().debug_assert();
    }

    #[test]
    fn what_is_typed_means_one_thing() {
        let schema = PathBuf::from("md.toml");
        let print = |language| Action::Print { schema: schema.clone(), language };
        assert_eq!(typed("ipcgen md.toml").unwrap(), print(Language::C));
        assert_eq!(typed("ipcgen md.toml --lang rust").unwrap(), print(Language::Rust));
        assert_eq!(typed("ipcgen --lang rust,rust md.toml").unwrap(), print(Language::Rust));
        let written = Action::Write {
            schemas: vec![schema.clone(), "b.toml".into()],
            languages: vec![Language::C, Language::Rust],
            folder: "out".into(),
            depfile: None,
        };
        assert_eq!(typed("ipcgen md.toml b.toml -o out").unwrap(), written);
        assert_eq!(typed("ipcgen -o out --lang rust,c md.toml b.toml").unwrap(), written);
        let layout = |format| Action::Layout { schemas: vec![schema.clone()], format };
        assert_eq!(typed("ipcgen layout md.toml").unwrap(), layout(Format::Table));
        assert_eq!(typed("ipcgen layout md.toml --format json").unwrap(), layout(Format::Json));
        assert_eq!(typed("ipcgen layout md.toml --format svg").unwrap(), layout(Format::Svg));
    }

    #[test]
    fn wrong_usage_is_refused() {
        for line in [
            "ipcgen",
            "ipcgen a.toml b.toml",
            "ipcgen a.toml --lang c,rust",
            "ipcgen a.toml --lang cobol",
            "ipcgen a.toml --check",
            "ipcgen a.toml --depfile d",
            "ipcgen a.toml -o out --check --depfile d",
            "ipcgen layout",
            "ipcgen lock",
            "ipcgen lock a.toml b.toml -o a.lock",
            "ipcgen check",
            "ipcgen check a.toml b.toml --against old.toml",
            "ipcgen explain",
        ] {
            assert_eq!(typed(line).unwrap_err().exit_code(), 2, "{line}");
        }
        for name in ["cpp", "c++", "rust,cxx"] {
            let error = typed(&format!("ipcgen a.toml -o out --lang {name}")).unwrap_err();
            assert_eq!(error.exit_code(), 2);
            assert!(error.to_string().contains("are for C++ as well: say `--lang c`"), "{error}");
        }
        let error = typed("ipcgen a.toml --lang cobol").unwrap_err().to_string();
        assert!(error.contains("[possible values: c, rust, python, go]"), "{error}");
    }
}

//! What is typed behind `ipcgen import`, and what it means. Relies on clap; does no work.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use ipcgen::import::{Compiler, Dialect, Request, schema_name};

/// An import.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Import {
    pub(crate) from: From,
    pub(crate) request: Request,
    /// Where the schema goes; to standard output without.
    pub(crate) out: Option<PathBuf>,
}

/// Who knows the layout.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum From {
    Headers(Compiler),
    Elf(PathBuf),
}

const EXAMPLES: &str = "Examples:
  ipcgen import feed.h --record quote                 a struct of a header, by the C compiler
  ipcgen import linux/input.h --record input_event    a header that the compiler finds
  ipcgen import feed.hpp --record feed::Quote -I inc  a class of C++
  ipcgen import --elf feedd --record quote            a struct of a program that was compiled with -g

A member that a schema cannot express, such as a pointer, a bit-field or a union, is an error, unless --reserve makes
it bytes in its place.";

pub(super) fn command() -> Command {
    let path = || value_parser!(PathBuf);
    let word = || value_parser!(OsString);
    Command::new("import")
        .about("Writes the schema of a struct that a program has already")
        .after_help(EXAMPLES)
        .arg(
            Arg::new("header")
                .value_name("HEADER")
                .action(ArgAction::Append)
                .num_args(1..)
                .value_parser(path())
                .required_unless_present("elf")
                .help("Headers to include, in this order"),
        )
        .arg(
            Arg::new("elf")
                .long("elf")
                .value_name("FILE")
                .value_parser(path())
                .conflicts_with("header")
                .help("A program, library or object file that was compiled with -g, instead of headers"),
        )
        .arg(
            Arg::new("record")
                .long("record")
                .value_name("NAME")
                .required(true)
                .help("The struct: a tag, a typedef, ns::Name; of several NAME@FILE:LINE"),
        )
        .arg(
            Arg::new("reserve")
                .long("reserve")
                .action(ArgAction::SetTrue)
                .help("Make members that a schema cannot express bytes in their places"),
        )
        .arg(
            Arg::new("out")
                .short('o')
                .long("out")
                .value_name("FILE")
                .value_parser(path())
                .help("Write this file instead of printing; the schema gets its name"),
        )
        .arg(
            Arg::new("lang")
                .long("lang")
                .value_name("LANGUAGE")
                .value_parser(["c", "c++"])
                .conflicts_with("elf")
                .help("The headers' language [default: c++ for .hpp, .hh, .hxx, else c]"),
        )
        .arg(
            Arg::new("cc")
                .long("cc")
                .value_name("COMMAND")
                .value_parser(word())
                .conflicts_with("elf")
                .help("The compiler, perhaps with arguments [default: $CC or cc; for C++ $CXX or c++]"),
        )
        .arg(
            Arg::new("include")
                .short('I')
                .value_name("DIR")
                .value_parser(word())
                .action(ArgAction::Append)
                .conflicts_with("elf")
                .help("Where the compiler looks for headers"),
        )
        .arg(
            Arg::new("define")
                .short('D')
                .value_name("NAME[=VALUE]")
                .value_parser(word())
                .action(ArgAction::Append)
                .conflicts_with("elf")
                .help("A macro for the compiler"),
        )
}

pub(super) fn action(matches: &ArgMatches) -> Import {
    let path = |id| matches.get_one::<PathBuf>(id).cloned();
    let text = |id| matches.get_one::<String>(id).map_or("", String::as_str);
    let headers: Vec<PathBuf> = matches.get_many("header").unwrap_or_default().cloned().collect();
    let out = path("out");
    let elf = path("elf");
    let named = out.as_ref().or(elf.as_ref()).or(headers.last());
    let request = Request {
        record: text("record").to_owned(),
        reserve: matches.get_flag("reserve"),
        schema: named.map_or_else(String::new, |path| schema_name(path)),
    };
    let from = match elf {
        Some(elf) => From::Elf(elf),
        None => {
            let dialect = match (text("lang"), headers.first()) {
                ("", Some(header)) => Dialect::of(header),
                ("c++", _) => Dialect::Cpp,
                _ => Dialect::C,
            };
            let command = matches.get_one::<OsString>("cc").cloned();
            let arguments = flags(matches, "include", "-I").chain(flags(matches, "define", "-D")).collect();
            From::Headers(Compiler { headers, dialect, command, arguments })
        }
    };
    Import { from, request, out }
}

/// An option's values as the compiler takes them.
fn flags<'m>(matches: &'m ArgMatches, id: &str, flag: &'m str) -> impl Iterator<Item = OsString> + 'm {
    let values = matches.get_many::<OsString>(id).unwrap_or_default();
    values.map(move |value| {
        let mut word = OsString::from(flag);
        word.push(value);
        word
    })
}

#[cfg(test)]
mod tests {
    use ipcgen::import::{Compiler, Dialect, Request};

    use super::{From, Import, action, command};

    fn typed(line: &str) -> Result<Import, clap::Error> {
        command().try_get_matches_from(line.split(' ')).map(|matches| action(&matches))
    }

    #[test]
    fn what_is_typed_means_one_thing() {
        let request =
            |schema: &str| Request { record: "quote".into(), reserve: false, schema: schema.into() };
        let compiler = |header: &str, dialect| Compiler {
            headers: vec![header.into()],
            dialect,
            command: None,
            arguments: Vec::new(),
        };
        let import = |compiler| Import { from: From::Headers(compiler), request: request("feed"), out: None };
        let c = compiler("a/feed.h", Dialect::C);
        assert_eq!(typed("import a/feed.h --record quote").unwrap(), import(c.clone()));
        assert_eq!(
            typed("import a/feed.h --record quote -I inc -Ib -DX=1 --cc gcc").unwrap(),
            import(Compiler {
                command: Some("gcc".into()),
                arguments: ["-Iinc", "-Ib", "-DX=1"].map(Into::into).to_vec(),
                ..c.clone()
            })
        );
        let cpp = compiler("feed.hpp", Dialect::Cpp);
        assert_eq!(typed("import feed.hpp --record quote").unwrap(), import(cpp.clone()));
        assert_eq!(
            typed("import a/feed.h --record quote --lang c++").unwrap(),
            import(Compiler { dialect: Dialect::Cpp, ..c })
        );
        let elf = Import {
            from: From::Elf("bin/feedd".into()),
            request: Request { reserve: true, ..request("old") },
            out: Some("b/old.toml".into()),
        };
        assert_eq!(typed("import --elf bin/feedd --record quote -o b/old.toml --reserve").unwrap(), elf);
    }

    #[test]
    fn wrong_usage_is_refused() {
        for line in [
            "import",
            "import a.h",
            "import --record x",
            "import a.h --elf b --record x",
            "import --elf b --record x --cc gcc",
            "import a.h --record x --lang rust",
        ] {
            assert_eq!(typed(line).unwrap_err().exit_code(), 2, "{line}");
        }
    }
}

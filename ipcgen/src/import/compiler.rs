//! Headers as an object file with debugging information, by the compiler that owns their layout. Relies on a C or C++
//! compiler that takes the options of GCC; does not look into headers.

use std::ffi::OsString;
use std::fs::{self, DirBuilder};
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::fault::Fault;

/// Attempts to find a name for a folder that nobody has.
const MAX_ATTEMPTS: u32 = 1000;

/// Another name for the struct that is imported.
pub(super) const USE: &str = "ipcgen_import_use";
/// An array as long as the struct is aligned: what debugging information does not say of packed ones.
pub(super) const ALIGN: &str = "ipcgen_import_align";

/// The language of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// C.
    C,
    /// C++.
    Cpp,
}

/// How headers are compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compiler {
    /// Headers, in the order of their inclusion: files, or what stands between `<` and `>`.
    pub headers: Vec<PathBuf>,
    /// Their language.
    pub dialect: Dialect,
    /// The compiler with its first arguments, separated by spaces; else `$CC` and `cc`, or `$CXX` and `c++`.
    pub command: Option<OsString>,
    /// What follows, such as `-Ifolder` and `-DNAME=1`.
    pub arguments: Vec<OsString>,
}

impl Dialect {
    /// The language that a header's name tells.
    #[must_use]
    pub fn of(header: &Path) -> Self {
        let extension = header.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        if matches!(extension, "hpp" | "hh" | "hxx" | "h++" | "H") { Self::Cpp } else { Self::C }
    }
}

impl Compiler {
    /// The bytes of an object file that knows every type of the headers, in C++ also those of templates that
    /// `record` needs.
    ///
    /// # Errors
    /// No compiler, and what it says itself.
    pub fn object(&self, record: &str) -> Result<Vec<u8>, Fault> {
        let folder = Folder::new()?;
        let object = folder.0.join("import.o");
        let headers = self.includes()?;
        let name = record.split('@').next().unwrap_or_default();
        let usage = [&headers[..], &use_of(name)].concat();
        let tagged = [&headers[..], &use_of(&format!("struct {name}"))].concat();
        let attempts: &[(&[u8], &[&str])] = match self.dialect {
            // All types are kept, whether they are used or not.
            Dialect::C => &[(&usage, &[]), (&tagged, &[]), (&headers, &[])],
            // Templates are made when they are used, GCC describes a class with virtual functions when it is asked, in
            // words that clang does not know, and a name that is misspelt is for us to say.
            Dialect::Cpp => &[
                (&usage, &["-femit-class-debug-always"]),
                (&usage, &[]),
                (&headers, &["-femit-class-debug-always"]),
                (&headers, &[]),
            ],
        };
        let mut said = Vec::new();
        for (unit, arguments) in attempts {
            let mut command = self.command()?;
            let language = if self.dialect == Dialect::C { "c" } else { "c++" };
            // Types that no code uses are kept: what is included has no code.
            command.args(["-g", "-O0", "-w", "-fno-eliminate-unused-debug-types"]).args(*arguments);
            command.args(&self.arguments).args(["-x", language, "-c", "-", "-o"]).arg(&object);
            let Output { status, stderr, .. } = run(&mut command, unit)?;
            if status.success() {
                let unreadable = |error| Fault::unusable(format!("the compiler's object file: {error}"));
                return fs::read(&object).map_err(unreadable);
            }
            said = stderr;
        }
        let program = self.command()?.get_program().to_string_lossy().into_owned();
        let said = String::from_utf8_lossy(&said).into_owned();
        Err(Fault::unusable(format!("`{program}` cannot compile the header")).notes([said]))
    }

    /// The compiler without the arguments that we add.
    fn command(&self) -> Result<Command, Fault> {
        let (variable, usual) = match self.dialect {
            Dialect::C => ("CC", "cc"),
            Dialect::Cpp => ("CXX", "c++"),
        };
        let set = || std::env::var_os(variable).filter(|value| !value.is_empty());
        let words = self.command.clone().or_else(set).unwrap_or_else(|| usual.into());
        let Some(words) = words.to_str() else { return Ok(Command::new(words)) };
        let mut words = words.split_ascii_whitespace();
        let Some(program) = words.next() else { return Err(Fault::unusable("the compiler's name is empty")) };
        let mut command = Command::new(program);
        command.args(words);
        Ok(command)
    }

    /// Lines that include the headers.
    fn includes(&self) -> Result<Vec<u8>, Fault> {
        let mut unit = Vec::new();
        for header in &self.headers {
            let file = std::path::absolute(header).ok().filter(|file| file.is_file());
            let (open, name, close) = match &file {
                Some(file) => ('"', file, '"'),
                None => ('<', header, '>'),
            };
            let name = name.as_os_str().as_encoded_bytes();
            if name.iter().any(|byte| matches!(byte, b'"' | b'>' | b'\n' | b'\r' | b'\\')) {
                let title = format!("{}: a compiler cannot include a file of this name", header.display());
                return Err(Fault::unusable(title));
            }
            unit.extend(
                format!("#include {open}").bytes().chain(name.iter().copied()).chain([close as u8, b'\n']),
            );
        }
        Ok(unit)
    }
}

/// Code that makes a compiler describe a type, and say how it is aligned.
fn use_of(name: &str) -> Vec<u8> {
    let size = format!("{USE} *{USE}_at; unsigned long {USE}_size = sizeof({USE});");
    format!("typedef {name} {USE};\n{size}\ntypedef char {ALIGN}[__alignof__({USE})];\n").into_bytes()
}

/// Runs a compiler with a unit on its standard input.
fn run(command: &mut Command, unit: &[u8]) -> Result<Output, Fault> {
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let program = command.get_program().to_string_lossy().into_owned();
    let mut child = command.spawn().map_err(|error| {
        let fault = Fault::unusable(format!("the compiler `{program}` cannot be run: {error}"));
        fault.help("install one, or name it with --cc or in CC (CXX for C++); `--elf` needs none")
    })?;
    // Who does not read its input says why in its exit status.
    let written = child.stdin.take().map_or(Ok(()), |mut input| input.write_all(unit));
    let output = child.wait_with_output();
    match (written, output) {
        (Err(error), _) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Fault::unusable(format!("`{program}`: {error}")))
        }
        (_, Err(error)) => Err(Fault::unusable(format!("`{program}`: {error}"))),
        (_, Ok(output)) => Ok(output),
    }
}

/// A folder that nobody else can write to, and that goes away when it is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self, Fault> {
        let parent = std::env::temp_dir();
        let mut attempt = 0;
        loop {
            let path = parent.join(format!("ipcgen-import-{}-{attempt}", std::process::id()));
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && attempt < MAX_ATTEMPTS => {
                    attempt += 1
                }
                Err(error) => return Err(Fault::unusable(format!("{}: {error}", parent.display()))),
            }
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Nothing is to be done about a folder that cannot be removed.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Dialect;

    #[test]
    fn the_extension_tells_the_language() {
        for (header, dialect) in
            [("a.h", Dialect::C), ("a/b.hpp", Dialect::Cpp), ("a.hh", Dialect::Cpp), ("plain", Dialect::C)]
        {
            assert_eq!(Dialect::of(Path::new(header)), dialect);
        }
    }
}

//! Processes that the demo starts: in Rust by starting itself, in C by generating headers and compiling first. All of
//! them end with it.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use ipcgen::emit::Language;
use ipcgen::output::Output;
use ipcgen::source::Source;

use crate::program::Result;

/// A process, killed when this is dropped.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
}

impl Process {
    /// Starts `command`, its output kept for [`Process::finish`], and what it says on standard error for when it fails.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(name: &str, command: &mut Command) -> Result<Self> {
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        match child {
            Ok(child) => Ok(Self { name: name.to_owned(), child }),
            Err(error) => Err(format!("{name}: cannot start {}: {error}", command.get_program().display())),
        }
    }

    /// Starts the demo itself as another program.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start_self(name: &str, arguments: &[&str]) -> Result<Self> {
        let program = std::env::current_exe().map_err(|error| format!("{name}: {error}"))?;
        Self::start(name, Command::new(program).args(arguments))
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// An error if it has ended by itself.
    ///
    /// # Errors
    /// Says how it ended.
    pub fn check(&mut self) -> Result<()> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => {
                let complaint = self.complaint();
                Err(format!("{} ended early: {status}{complaint}", self.name))
            }
            Err(error) => Err(format!("{}: {error}", self.name)),
        }
    }

    /// What it said on standard error before it ended, on lines of its own.
    fn complaint(&mut self) -> String {
        let mut text = "\n".to_owned();
        if let Some(mut errors) = self.child.stderr.take() {
            // What cannot be read is not told.
            let _ = errors.read_to_string(&mut text);
        }
        text.trim_end().to_owned()
    }

    /// Sends it a signal, by its name: `TERM`, `STOP`, `CONT`.
    ///
    /// # Errors
    /// When there is no program `kill`.
    pub fn signal(&self, signal: &str) -> Result<()> {
        let sent = Command::new("kill").args(["-s", signal, &self.child.id().to_string()]).status();
        sent.map(drop).map_err(|error| format!("{}: kill: {error}", self.name))
    }

    /// `kill -9`, and waits until it is gone.
    ///
    /// # Errors
    /// When it was gone already.
    pub fn kill(&mut self) -> Result<()> {
        self.check()?;
        self.child
            .kill()
            .and_then(|()| self.child.wait())
            .map_err(|error| format!("{}: {error}", self.name))?;
        Ok(())
    }

    /// Asks it to end (SIGTERM) and returns the last line it printed.
    ///
    /// # Errors
    /// When it failed.
    pub fn finish(mut self) -> Result<String> {
        self.check()?;
        let fail = |error: &dyn std::fmt::Display| format!("{}: {error}", self.name);
        self.signal("TERM")?;
        let mut output = String::new();
        if let Some(out) = &mut self.child.stdout {
            out.read_to_string(&mut output).map_err(|error| fail(&error))?;
        }
        let status = self.child.wait().map_err(|error| fail(&error))?;
        let last = output.lines().last().unwrap_or("").to_owned();
        if status.success() {
            return Ok(last);
        }
        let complaint = self.complaint();
        Err(format!("{}: {status}: {last}{complaint}", self.name))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only when it is gone already, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs ipcgen on a schema, for every language, into `folder`; the files of the schema itself, by name.
///
/// # Errors
/// Every mistake in the schema, and what the system refuses.
pub fn generate(schema: &Path, folder: &Path) -> Result<Vec<String>> {
    let source = Source::read(schema).map_err(|error| format!("{}: {error}", schema.display()))?;
    let (model, found) = ipcgen::compile(&source);
    let model = model.ok_or_else(|| found.render(&source, false))?;
    let files = Language::ALL.map(|language| (language.file_name(&model), language.emit(&model)));
    let runtime = Language::C.runtime().iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    for (name, text) in files.iter().cloned().chain(runtime) {
        let output = Output { path: folder.join(name), text };
        output.write().map_err(|error| format!("{}: {error}", output.path.display()))?;
    }
    Ok(files.map(|(name, _)| name).to_vec())
}

/// Compiles a C program against the generated headers in `headers`. `None`: there is no C compiler.
///
/// # Errors
/// When the compiler refuses the program.
pub fn compile_c(source: &Path, headers: &Path, into: &Path) -> Result<Option<PathBuf>> {
    let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
    compile(Command::new(compiler).arg("-std=c11").arg("-I").arg(headers), source, into)
}

/// Compiles a C++ program that needs no headers of ours. `None`: there is no C++ compiler.
///
/// # Errors
/// When the compiler refuses the program.
pub fn compile_cxx(source: &Path, into: &Path) -> Result<Option<PathBuf>> {
    let compiler = std::env::var_os("CXX").unwrap_or_else(|| "c++".into());
    compile(Command::new(compiler).arg("-std=c++17"), source, into)
}

fn compile(compiler: &mut Command, source: &Path, into: &Path) -> Result<Option<PathBuf>> {
    let program = into.join(source.file_stem().unwrap_or_default());
    let output = compiler.args(["-O2", "-Wall", "-Wextra", "-o"]).arg(&program).arg(source).output();
    match output {
        Ok(output) if output.status.success() => Ok(Some(program)),
        Ok(output) => Err(format!("{}:\n{}", source.display(), String::from_utf8_lossy(&output.stderr))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("{}: {error}", compiler.get_program().display())),
    }
}

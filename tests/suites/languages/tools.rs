//! Compilers, the programs they make, and the folder that these lie in. Relies on ipcgen as a library; a compiler that is
//! missing is skipped by name.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{LazyLock, OnceLock};
use std::thread;

use integration_tests::tools::own_folder;
pub(crate) use integration_tests::tools::{has_tool, run};
use ipcgen::emit::Language;
use ipcgen::model::Model;
use ipcgen::source::Source;

/// What every program and header is free of.
const WARNINGS: [&str; 6] = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wpadded", "-Werror"];

/// A compiler and how it is called.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Compiler {
    pub(crate) name: &'static str,
    pub(crate) flags: &'static [&'static str],
}

/// The plainest one.
pub(crate) const CC: Compiler = Compiler { name: "cc", flags: &["-std=c11", "-O0"] };

/// Debug and optimised, gcc and clang.
pub(crate) const COMPILERS: [Compiler; 4] = [
    Compiler { name: "gcc", flags: &["-std=c11", "-O0"] },
    Compiler { name: "gcc", flags: &["-std=c11", "-O2"] },
    Compiler { name: "clang", flags: &["-std=c17", "-O0"] },
    Compiler { name: "clang", flags: &["-std=c17", "-O2"] },
];

impl Compiler {
    /// Whether it is there; says so when it is not.
    pub(crate) fn is_there(&self) -> bool {
        has_tool(self.name)
    }

    /// Compiles a program, free of warnings, and gives its path in the folder. Headers are found in the folder too.
    pub(crate) fn compile(&self, program: &str, source: &Path, includes: &[&Path]) -> PathBuf {
        let output = folder().join(program);
        let mut command = Command::new(self.name);
        command.args(self.flags).args(WARNINGS).arg("-o").arg(&output);
        for include in includes.iter().copied().chain([folder()]) {
            command.arg("-I").arg(include);
        }
        run(command.arg(source));
        output
    }
}

/// The C actor, from every compiler that is there.
pub(crate) fn actors() -> Vec<&'static str> {
    static BUILT: [OnceLock<String>; COMPILERS.len()] = [const { OnceLock::new() }; COMPILERS.len()];
    write_header(&model(&suite("c/twin.toml")));
    let build = |compiler: &Compiler| {
        let program = format!("actor-{}{}", compiler.name, compiler.flags.concat());
        let path = compiler.compile(&program, &suite("c/actor.c"), &[&suite("c")]);
        path.into_os_string().into_string().expect("a folder whose name is text")
    };
    thread::scope(|scope| {
        let there = COMPILERS.iter().zip(&BUILT).filter(|(compiler, _)| compiler.is_there());
        let builds: Vec<_> = there
            .map(|(compiler, built)| scope.spawn(move || built.get_or_init(|| build(compiler))))
            .collect();
        builds.into_iter().map(|built| built.join().expect("the actor compiles").as_str()).collect()
    })
}

/// The folder for what is generated and compiled, with the C runtime's headers in it: this process's own, removed by the
/// next run, for nothing runs at the end of a test program.
pub(crate) fn folder() -> &'static Path {
    static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
        let folder = own_folder(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("languages"));
        fs::create_dir_all(folder.join("shmrecord")).expect("a new folder");
        for (name, text) in Language::C.runtime() {
            fs::write(folder.join(name), text).expect("a new file");
        }
        folder
    });
    &FOLDER
}

/// Writes a file into the folder.
pub(crate) fn write(name: &str, text: &str) -> PathBuf {
    let path = folder().join(name);
    fs::write(&path, text).expect("a new file");
    path
}

/// Writes a model's C header into the folder. Tests that need the same one may do so at once.
pub(crate) fn write_header(model: &Model) {
    let header = ipcgen::output::Output {
        path: folder().join(Language::C.file_name(model)),
        text: Language::C.emit(model),
    };
    header.write().expect("a new file");
}

/// The model of a schema file that holds.
pub(crate) fn model(schema: &Path) -> Model {
    model_of(&Source::read(schema).expect("a schema file"))
}

/// The model of a schema that holds.
pub(crate) fn model_of(source: &Source) -> Model {
    let (model, found) = ipcgen::compile(source);
    model.unwrap_or_else(|| panic!("{}", found.render(source, false)))
}

/// A file of this suite.
pub(crate) fn suite(below: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("suites/languages").join(below)
}

/// A file of the project.
pub(crate) fn project(below: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the package is a folder of the project")
        .join(below)
}

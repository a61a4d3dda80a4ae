//! `ipcgen import`: structs of headers and programs, by the compilers that lay them out.

mod support;

#[path = "import/agree.rs"]
mod agree;
#[path = "import/elf.rs"]
mod elf;
#[path = "import/headers.rs"]
mod headers;
#[path = "import/system.rs"]
mod system;
#[path = "import/typed.rs"]
mod typed;

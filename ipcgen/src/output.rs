//! Generated files: written only when their bytes differ, by rename, so that a reader sees the old file or the new one
//! and two runs at once do no harm. Relies on `std` and `similar`; does not know what the files hold.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use similar::TextDiff;

/// A file to be.
#[derive(Clone, Debug)]
pub struct Output {
    /// Where.
    pub path: PathBuf,
    /// All of it.
    pub text: String,
}

/// A file that is written and does not have its name yet. Dropped, it is gone.
#[derive(Debug)]
pub struct Prepared<'a> {
    output: &'a Output,
    /// Where it is, and where it belongs; `None`: nothing is to be done.
    temporary: Option<(PathBuf, PathBuf)>,
}

impl Prepared<'_> {
    /// `rename(2)`: gives it its name, in place of the old file.
    ///
    /// # Errors
    /// What the system says. The old file is then as it was.
    pub fn publish(mut self) -> io::Result<()> {
        let Some((temporary, path)) = &self.temporary else { return Ok(()) };
        fs::rename(temporary, path)?;
        self.temporary = None;
        Ok(())
    }

    /// The path of the file to be.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.output.path
    }
}

impl Drop for Prepared<'_> {
    fn drop(&mut self) {
        if let Some((temporary, _)) = &self.temporary {
            // The error that led here is the one to report; a file that is gone already is no second one.
            let _ = fs::remove_file(temporary);
        }
    }
}

/// How long a difference is searched for its shortest form.
const DIFF_TIME: Duration = Duration::from_secs(1);
/// Links that are followed one after the other, as in Linux.
const MAX_LINKS: usize = 40;

impl Output {
    /// Writes the file, with the folders it lies in, unless it is there already with these bytes.
    ///
    /// # Errors
    /// What the system says. The old file is then as it was.
    pub fn write(&self) -> io::Result<()> {
        self.prepare()?.publish()
    }

    /// Writes the file beside the one to be, with the folders it lies in, unless that is there already with these bytes: what
    /// can fail for want of space fails here. Of several files all are prepared before the first is published.
    ///
    /// # Errors
    /// What the system says. The old file is then as it was.
    pub fn prepare(&self) -> io::Result<Prepared<'_>> {
        let mut prepared = Prepared { output: self, temporary: None };
        if self.is_current() {
            return Ok(prepared);
        }
        let path = followed(&self.path);
        let folder = folder(&path);
        fs::create_dir_all(folder)?;
        let (temporary, mut file) = temporary(&path, folder)?;
        prepared.temporary = Some((temporary, path));
        file.write_all(self.text.as_bytes())?;
        Ok(prepared)
    }

    /// A unified diff from the file as it is to the file as it should be; `None` when there is none.
    ///
    /// # Errors
    /// What the system says, but for a file that is not there: that is a difference.
    pub fn difference(&self) -> io::Result<Option<String>> {
        let actual = match fs::read(&self.path) {
            Ok(bytes) if bytes == self.text.as_bytes() => return Ok(None),
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        let path = self.path.display().to_string();
        let diff = TextDiff::configure().timeout(DIFF_TIME).diff_lines(actual.as_str(), &self.text);
        let diff = diff.unified_diff().header(&path, &format!("{path} (generated)")).to_string();
        Ok(Some(diff))
    }

    fn is_current(&self) -> bool {
        let same_length = fs::metadata(&self.path).is_ok_and(|file| file.len() == self.text.len() as u64);
        same_length && fs::read(&self.path).is_ok_and(|bytes| bytes == self.text.as_bytes())
    }
}

/// Keeps other runs from changing a file between reading and writing it: the folder it lies in, which is made if need be, and
/// whether it is locked, until it is dropped. The file itself is another one after each change.
///
/// # Errors
/// What the system says of the folder. Some file systems have no locks of folders: the result inside says so.
pub fn lock_folder_of(path: &Path) -> io::Result<(File, io::Result<()>)> {
    let path = followed(path);
    let folder = folder(&path);
    if !folder.exists() {
        fs::create_dir_all(folder)?;
    }
    let folder = File::open(folder)?;
    let locked = folder.lock();
    Ok((folder, locked))
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The file behind symbolic links, there or not: a rename to the link itself would take its place. What is wrong with them is said
/// by what comes next.
fn followed(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        let Ok(target) = fs::read_link(&path) else { break };
        path = folder(&path).join(target);
    }
    path
}

/// A new file beside the one to be: a rename does not cross file systems.
fn temporary(path: &Path, folder: &Path) -> io::Result<(PathBuf, File)> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?.to_string_lossy();
    let process = std::process::id();
    let mut attempt = 0_u32;
    loop {
        let path = folder.join(format!(".{name}.{process}.{attempt}.tmp"));
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => return Ok((path, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && attempt < 1000 => attempt += 1,
            Err(error) => return Err(error),
        }
    }
}

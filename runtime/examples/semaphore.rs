//! A semaphore from the shell: `semaphore create sysv:0x1234 1`, then `semaphore hold sysv:0x1234` in two terminals.
//!
//! ```text
//! create ADDRESS VALUE   it must not exist          wait ADDRESS [SECONDS]   take one; exit code 3: none in time
//! ensure ADDRESS VALUE   open it or create it       post ADDRESS             add one
//! value ADDRESS          print how many there are   hold ADDRESS             take one, add it at the end of input
//! unlink ADDRESS         remove it                  before all: --undo, --mode 660, --owner UID
//! ```

use std::error::Error;
use std::io;
use std::process::ExitCode;
use std::time::Duration;

use shmrecord::SemaphoreOptions;

const USAGE: &str = "usage: semaphore [--undo] [--mode OCTAL] [--owner UID] \
                     (create | ensure | wait | post | hold | value | unlink) ADDRESS [NUMBER]";

fn main() -> ExitCode {
    match run(std::env::args().skip(1)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(mut arguments: impl Iterator<Item = String>) -> Result<ExitCode, Box<dyn Error>> {
    let mut next = || arguments.next().ok_or(USAGE);
    let mut options = SemaphoreOptions::new();
    let verb = loop {
        match next()?.as_str() {
            "--undo" => options = options.undo(true),
            "--mode" => options = options.mode(u32::from_str_radix(&next()?, 8)?),
            "--owner" => options = options.owner(next()?.parse()?),
            verb => break verb.to_owned(),
        }
    };
    let address = &next()?;
    match verb.as_str() {
        "create" => drop(options.create(address, next()?.parse()?)?),
        "ensure" => drop(options.open_or_create(address, next()?.parse()?)?),
        "wait" => {
            let timeout =
                next().map_or(Ok(Duration::MAX), |text| text.parse().map(Duration::from_secs_f64))?;
            if !options.open(address)?.wait_timeout(timeout)? {
                return Ok(ExitCode::from(3));
            }
        }
        "post" => options.open(address)?.post()?,
        "hold" => {
            let semaphore = options.open(address)?;
            semaphore.wait()?;
            println!("held");
            io::copy(&mut io::stdin(), &mut io::sink())?;
            semaphore.post()?;
        }
        "value" => println!("{}", options.open(address)?.value()?),
        "unlink" => options.unlink(address)?,
        _ => return Err(USAGE.into()),
    }
    Ok(ExitCode::SUCCESS)
}

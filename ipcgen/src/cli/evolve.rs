//! What was typed behind `ipcgen lock` and `ipcgen check`. Relies on clap; does no work.

use std::path::PathBuf;

use clap::{Arg, ArgMatches, Command, value_parser};

use super::{Action, paths, usage};

/// `ipcgen lock`, with its argument for schemas.
pub(super) fn lock(schemas: Arg) -> Command {
    let out = Arg::new("out").short('o').long("out").value_name("FILE").value_parser(value_parser!(PathBuf));
    let out = out.help("The lock [default: NAME.lock beside the schema NAME]");
    Command::new("lock").about("Adds the version that a schema is to its lock").arg(schemas).arg(out)
}

/// `ipcgen check`, with its argument for schemas.
pub(super) fn check(schemas: Arg) -> Command {
    let against = Arg::new("against").long("against").value_name("FILE").value_parser(value_parser!(PathBuf));
    let against = against.help("Compare with this schema, or with a lock if its name ends in .lock");
    Command::new("check").about("Compares a schema with the versions in its lock").arg(schemas).arg(against)
}

pub(super) fn locking(matches: &ArgMatches) -> Result<Action, clap::Error> {
    let (schemas, out) = (paths(matches, "schema"), matches.get_one::<PathBuf>("out").cloned());
    if out.is_some() && schemas.len() > 1 {
        return Err(usage("several schemas do not fit into one lock: leave -o FILE out\n"));
    }
    Ok(Action::Lock { schemas, out })
}

pub(super) fn checking(matches: &ArgMatches) -> Result<Action, clap::Error> {
    let (schemas, against) = (paths(matches, "schema"), matches.get_one::<PathBuf>("against").cloned());
    if against.is_some() && schemas.len() > 1 {
        return Err(usage("several schemas have not grown out of one: leave --against FILE out\n"));
    }
    Ok(Action::Check { schemas, against })
}

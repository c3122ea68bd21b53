//! The command line, one file a subcommand.

pub mod check;
pub mod evidence;
pub mod init;
pub mod keys;
pub mod rehearse;
pub mod replay;
pub mod run;
pub mod scan;

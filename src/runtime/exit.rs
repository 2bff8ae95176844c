//! Exit codes of every binary, from the BSD `sysexits` list, so that a supervisor and a person can
//! tell a wrong option from a wrong file and from a fault of our own.

use std::process::ExitCode;

/// How a binary ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Everything asked for was done; a daemon was told to stop and did.
    Success = 0,
    /// The command line is wrong.
    Usage = 64,
    /// What it was given to work on is wrong.
    Data = 65,
    /// Something needed is not there: the address is in use, no child can be started.
    Unavailable = 69,
    /// A fault of our own.
    Internal = 70,
    /// The system refused something that it never should: no thread, no descriptor.
    Os = 71,
    /// A file or an address may not be used by this user.
    NoPermission = 77,
    /// The configuration is wrong.
    Config = 78,
}

impl Exit {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Success,
        Self::Usage,
        Self::Data,
        Self::Unavailable,
        Self::Internal,
        Self::Os,
        Self::NoPermission,
        Self::Config,
    ];

    /// The number that the parent process sees.
    pub fn code(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_those_of_sysexits() {
        assert_eq!(Exit::ALL.map(Exit::code), [0, 64, 65, 69, 70, 71, 77, 78]);
    }
}

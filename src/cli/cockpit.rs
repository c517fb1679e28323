//! The cockpit on the sources of the kubeconfig.

use super::arguments::Everywhere;
use super::exit::{Exit, Failure};

/// Opens the cockpit.
pub fn run(_everywhere: &Everywhere) -> Result<Exit, Failure> {
    Ok(Exit::Ok)
}

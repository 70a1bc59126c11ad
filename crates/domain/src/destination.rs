//! Where a connection may go (contract §10). A client names a [`Target`]; a name is resolved outside; every address is
//! classified; only what [`DestinationPolicy::classify`] lets pass becomes a [`Destination`], and only that is dialled.

mod embedded;
mod policy;
mod ports;
mod special;
mod target;

pub use policy::{Destination, DestinationError, DestinationPolicy};
pub use ports::{NoSuchPort, PortSet};
pub(crate) use special::block_of as special_purpose;
pub use target::{DomainName, NameFault, Target, TargetError};

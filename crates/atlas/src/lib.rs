//! Places: which countries, regions and cities there are, how they are spelled, and which lies near which.
//!
//! The tables in `data` are text in the binary, made by `cargo xtask places`; see NOTICE for whose they are. They are read
//! once, when somebody asks first: some 38,000 lines in some 8 ms (a release build), which leaves 1.3 MB on the heap; names
//! are not copied. Finding a city by its name then takes less than a microsecond. Nothing here is read from disk or from the network.

mod atlas;
mod complete;
mod globe;
mod nearest;
mod spelling;
mod table;

pub use atlas::{Atlas, City, Country, Region, atlas};
pub use globe::Point;
pub use spelling::spelled;

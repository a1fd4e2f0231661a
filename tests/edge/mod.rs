//! Reading from and writing to a real disk, with a real Git.

mod reading;
mod writing;

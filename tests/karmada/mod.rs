//! Repositories written for Karmada: what is said of them, and laws that hold for all of them.

mod commands;
mod dialects;
mod laws;
mod rows;
mod together;
mod versions;

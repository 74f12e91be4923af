//! The table made by docker's own code, row by row with real helper programs, and what we do
//! beyond it.

mod chain;
mod fixture;
mod programs;
mod vectors;

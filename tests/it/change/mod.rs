//! A configuration changed while the service runs on it: seen before it acts, written down, installed, taken back.

mod contrast;
mod extension;
mod install;

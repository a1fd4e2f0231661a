//! The `fleetcron` program: everything is in the library, this is its door to the shell.

fn main() -> std::process::ExitCode {
    fleetcron::cli::main()
}

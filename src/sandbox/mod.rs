//! The only place that starts a process: Drydock executes itself, confines itself, then becomes the tool or the worker.

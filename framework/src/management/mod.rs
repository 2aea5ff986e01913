//! Commands for whoever runs a site (`django.contrib.auth.management.commands`): plain functions,
//! which a program offers under names of its own.

package dev.flynn.controller;

import dev.flynn.api.release.Release;
import java.util.Optional;

/** The data of an {@code app_release} event: the app's current release changed. */
record AppRelease(Optional<Release> prevRelease, Release release) {}

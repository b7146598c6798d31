package dev.flynn.controller;

/**
 * An object with the JSON that was stored of it, so that whoever sends it need not write it again.
 *
 * @param json in the form of the API
 */
public record Written<T>(T value, String json) {}

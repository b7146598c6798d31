package dev.flynn.tck.log;

class ReferenceSinkTckTest extends ReferenceSinkKit {}

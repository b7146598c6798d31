package dev.flynn.router;

/** The same with the engine of machines for which there is no native library. */
class JdkTlsTest extends TlsTest {

    @Override
    String engine() {
        return "jdk";
    }
}

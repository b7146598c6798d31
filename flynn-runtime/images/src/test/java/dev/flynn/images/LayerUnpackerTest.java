package dev.flynn.images;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.flynn.base.DiskReserve;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LayerUnpackerTest {

    @TempDir
    private Path temp;

    private Path layer;
    private LayerLimits limits;

    @BeforeEach
    void makeDirectory() throws IOException {
        layer = Files.createDirectory(temp.resolve("layer"));
        limits = new LayerLimits(1 << 20, 100, new DiskReserve(temp, 0));
    }

    @Test
    void filesDirectoriesAndLinksAreAsTheArchiveHasThem() throws IOException {
        unpack(new LayerTar()
                .directory("bin", 0755)
                .file("bin/tool", 0755, 0, 0, "#!/bin/sh\n")
                .symlink("bin/alias", "tool")
                .symlink("absolute", "/no/../where")
                .hardLink("bin/same", "bin/tool")
                .directory("closed", 0500)
                .file("closed/inside", "x")
                .fifo("pipe")
                .bytes());

        assertThat(layer.resolve("bin/tool")).hasContent("#!/bin/sh\n");
        assertThat(mode("bin/tool")).isEqualTo(0755);
        assertThat(Files.readSymbolicLink(layer.resolve("bin/alias"))).hasToString("tool");
        assertThat(Files.readSymbolicLink(layer.resolve("absolute"))).hasToString("/no/../where");
        assertThat(Files.isSameFile(layer.resolve("bin/same"), layer.resolve("bin/tool")))
                .isTrue();
        assertThat(mode("closed")).isEqualTo(0500);
        assertThat(layer.resolve("closed/inside")).hasContent("x");
        assertThat(Files.readAttributes(layer.resolve("pipe"), "isOther")).containsEntry("isOther", true);
        assertThat(Files.getLastModifiedTime(layer.resolve("bin/tool")).toMillis())
                .isEqualTo(1_500_000_000_000L);
        assertThat(Files.getLastModifiedTime(layer.resolve("bin")).toMillis()).isEqualTo(1_500_000_000_000L);
    }

    @Test
    void ownersAndSpecialModesAreKept() throws IOException {
        assumeRoot();
        unpack(new LayerTar()
                .file("bin/su", 04755, 0, 42, "suid")
                .file("home/me", 0640, 1234, 3_000_000, "mine")
                .symlink("link", "x")
                .bytes());

        assertThat(mode("bin/su")).isEqualTo(04755);
        assertThat(owner("bin/su")).isEqualTo("0:42");
        assertThat(owner("home/me")).isEqualTo("1234:3000000");
        assertThat(owner("home")).isEqualTo("0:0");
        assertThat(mode("home")).isEqualTo(0755);
    }

    @Test
    void longNamesAndNamesOfAnyEncodingAreKept() throws Exception {
        String name = "d".repeat(90) + "/" + "f".repeat(150);
        String latin = new String(new byte[] {'c', 'a', 'f', (byte) 0xe9}, ISO_8859_1);
        unpack(new LayerTar()
                .file(name, "long")
                .symlink("to", name)
                .hardLink("again", name)
                .file("Főtanúsítvány.crt", "unicode")
                .bytes());
        unpack(rawFile(latin), Files.createDirectory(temp.resolve("latin")));

        assertThat(layer.resolve(name)).hasContent("long");
        assertThat(layer.resolve("again")).hasContent("long");
        assertThat(Files.readSymbolicLink(layer.resolve("to"))).hasToString(name);
        assertThat(ls(layer)).contains("Főtanúsítvány.crt");
        assertThat(run("sh", "-c", "ls " + temp.resolve("latin") + " | od -An -tx1")
                        .replaceAll("\\s", ""))
                .isEqualTo("636166e90a");
    }

    @Test
    void whatGnuTarWritesIsUnderstoodInEachOfItsFormats() throws Exception {
        Path source = Files.createDirectory(temp.resolve("source"));
        Path sparse = source.resolve("sparse");
        run("sh", "-c", "printf begin > %1$s && truncate -s 3M %1$s && printf end >> %1$s".formatted(sparse));
        Path deep = Files.createDirectories(source.resolve("x".repeat(120)).resolve("y".repeat(120)));
        Files.writeString(deep.resolve("z"), "deep");
        for (List<String> format : List.of(
                List.of("--format=gnu"),
                List.of("--format=pax"),
                List.of("--format=gnu", "--sparse"),
                List.of("--format=pax", "--sparse", "--sparse-version=0.0"),
                List.of("--format=pax", "--sparse", "--sparse-version=0.1"),
                List.of("--format=pax", "--sparse", "--sparse-version=1.0"))) {
            Path file = temp.resolve("source.tar");
            run("sh", "-c", "tar -C %s %s -cf %s .".formatted(source, String.join(" ", format), file));
            Path target = Files.createTempDirectory(temp, "target");
            limits = new LayerLimits(8 << 20, 100, new DiskReserve(temp, 0));
            unpack(Files.readAllBytes(file), target);
            assertThat(run("diff", "-r", source.toString(), target.toString()))
                    .as(format.toString())
                    .isEmpty();
            if (format.contains("--sparse")) {
                assertThat(Long.parseLong(
                                run("stat", "-c", "%b", target.resolve("sparse").toString())
                                        .trim()))
                        .as("blocks of a sparse file, %s", format)
                        .isLessThan(100);
            }
        }
    }

    @Test
    void whatTheLayerDeletesBecomesAWhiteoutOfOverlayfs() throws Exception {
        assumeRoot();
        unpack(new LayerTar()
                .directory("etc", 0750)
                .file("etc/.wh.passwd", "")
                .directory("etc/new", 0700)
                .file("etc/new/.wh..wh..opq", "")
                .file("etc/new/file", "seen")
                .file(".wh.gone", "")
                .file("deep/er/.wh.hidden", "")
                .file(".wh.replaced", "")
                .file("replaced/file", "new")
                .file(".wh.both", "")
                .file("both", "stays")
                .file(".wh..wh.plnk", "aufs")
                .bytes());

        assertThat(stat("etc/passwd")).isEqualTo("character special file 0 0");
        assertThat(stat("gone")).isEqualTo("character special file 0 0");
        assertThat(stat("deep/er/hidden")).isEqualTo("character special file 0 0");
        assertThat(opaque("etc/new")).isTrue();
        assertThat(opaque("etc")).isFalse();
        assertThat(opaque("replaced")).isTrue();
        assertThat(layer.resolve("both")).hasContent("stays");
        assertThat(mode("etc/new")).isEqualTo(0700);
        assertThat(mode("etc")).isEqualTo(0750);
        try (var files = Files.walk(layer)) {
            assertThat(files.map(Path::toString)).noneMatch(file -> file.contains(".wh."));
        }
    }

    @Test
    void overlayfsShowsWhatTheImageMeans() throws Exception {
        assumeRoot();
        Path lower = Files.createDirectory(temp.resolve("lower"));
        unpack(
                new LayerTar()
                        .file("etc/passwd", "old")
                        .file("etc/kept", "kept")
                        .file("var/a", "a")
                        .file("var/b", "b")
                        .bytes(),
                lower);
        unpack(new LayerTar()
                .file("etc/.wh.passwd", "")
                .file("var/.wh..wh..opq", "")
                .file("var/c", "c")
                .bytes());
        Path merged = Files.createDirectory(temp.resolve("merged"));
        String seen = run(
                "unshare",
                "-m",
                "sh",
                "-c",
                "mount -t overlay overlay -o ro,lowerdir=%s:%s %3$s && cd %3$s && find . -type f | sort"
                        .formatted(layer, lower, merged));

        assertThat(seen).isEqualTo("./etc/kept\n./var/c\n");
    }

    @Test
    void capabilitiesOfFilesAreKeptAndOtherAttributesAreNot() throws Exception {
        assumeRoot();
        String capability =
                new String(new byte[] {1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, ISO_8859_1);
        unpack(new LayerTar()
                .file(
                        "bin/ping",
                        "ping",
                        Map.of(
                                "SCHILY.xattr.security.capability",
                                capability,
                                "SCHILY.xattr.trusted.overlay.redirect",
                                "/etc",
                                "SCHILY.xattr.user.note",
                                "kept"))
                .bytes());

        assertThat(xattrs("bin/ping"))
                .contains("security.capability", "user.note")
                .doesNotContain("redirect");
        assertThat(layer.resolve("bin/ping")).hasContent("ping");
    }

    @Test
    void devicesOfTheImageAreLeftOut() throws IOException {
        unpack(new LayerTar()
                .device("dev/sda", TarConstants.LF_BLK, 8, 0)
                .device("dev/forged-whiteout", TarConstants.LF_CHR, 0, 0)
                .file("file", "x")
                .bytes());

        assertThat(layer.resolve("file")).exists();
        assertThat(Files.exists(layer.resolve("dev/sda"), LinkOption.NOFOLLOW_LINKS))
                .isFalse();
        assertThat(Files.exists(layer.resolve("dev/forged-whiteout"), LinkOption.NOFOLLOW_LINKS))
                .isFalse();
    }

    @Test
    void theLastOfTwoEntriesOfOneNameCounts() throws IOException {
        unpack(new LayerTar()
                .file("a", "first")
                .hardLink("b", "a")
                .file("a", "second")
                .symlink("c", "/nowhere")
                .file("c", "file")
                .directory("d", 0700)
                .directory("d", 0711)
                .bytes());

        assertThat(layer.resolve("a")).hasContent("second");
        assertThat(layer.resolve("b")).hasContent("first");
        assertThat(Files.isSymbolicLink(layer.resolve("c"))).isFalse();
        assertThat(layer.resolve("c")).hasContent("file");
        assertThat(mode("d")).isEqualTo(0711);
    }

    @Test
    void aNameThatLeadsOutIsRefused() {
        Path outside = temp.resolve("outside");
        refused(new LayerTar().file("../outside", "x").bytes(), "lead out");
        refused(new LayerTar().file("a/../../outside", "x").bytes(), "lead out");
        refused(new LayerTar().file("a/.wh...", "x").bytes(), "no name");
        refused(new LayerTar().hardLink("a", "../../etc/passwd").bytes(), "lead out");
        assertThat(outside).doesNotExist();
    }

    @Test
    void anAbsoluteNameIsOneBelowTheLayer() throws IOException {
        unpack(new LayerTar()
                .file("/tmp/flynn-images-test/file", "x")
                .file("//b", "y")
                .bytes());

        assertThat(layer.resolve("tmp/flynn-images-test/file")).hasContent("x");
        assertThat(layer.resolve("b")).hasContent("y");
        assertThat(Path.of("/tmp/flynn-images-test")).doesNotExist();
    }

    @Test
    void nothingIsWrittenThroughALink() throws IOException {
        Path outside = Files.createDirectory(temp.resolve("outside"));
        refused(
                new LayerTar()
                        .symlink("link", outside.toString())
                        .file("link/file", "x")
                        .bytes(),
                "not a directory");
        refused(
                new LayerTar()
                        .symlink("link", outside.toString())
                        .directory("link", 0777)
                        .file("link/file", "x")
                        .bytes(),
                "something else before");
        refused(
                new LayerTar()
                        .symlink("link", outside.toString())
                        .file("link/.wh.file", "")
                        .bytes(),
                "not a directory");
        refused(
                new LayerTar()
                        .directory("d", 0755)
                        .symlink("d", outside.toString())
                        .file("d/file", "x")
                        .bytes(),
                "was a directory");
        assertThat(outside).isEmptyDirectory();
    }

    @Test
    void aFileIsNotWrittenThroughALinkOfItsName() throws IOException {
        Path outside = Files.writeString(temp.resolve("outside"), "untouched");
        unpack(new LayerTar()
                .symlink("file", outside.toString())
                .file("file", "new")
                .bytes());

        assertThat(outside).hasContent("untouched");
        assertThat(layer.resolve("file")).hasContent("new");
    }

    @Test
    void aHardLinkToWhatTheLayerDoesNotHaveIsRefused() {
        refused(new LayerTar().hardLink("shadow", "/etc/shadow").bytes(), "does not have");
        refused(
                new LayerTar()
                        .symlink("link", "/etc")
                        .hardLink("shadow", "link/shadow")
                        .bytes(),
                "does not have");
        refused(new LayerTar().directory("d", 0755).hardLink("e", "d").bytes(), "does not have");
    }

    @Test
    void moreBytesThanAllowedAreRefusedBeforeTheyAreWritten() {
        refused(new LayerTar().endingWithHeader("huge", 1L << 50), "more than 1 MB");
        refused(new LayerTar().endingWithHeader("negative", Long.MAX_VALUE), "more than 1 MB");
    }

    @Test
    void moreFilesThanAllowedAreRefused() {
        var many = new LayerTar();
        for (int i = 0; i < 101; i++) {
            many.file("f" + i, "");
        }
        refused(many.bytes(), "more than 100 files");
    }

    @Test
    void aDiskWithoutRoomRefusesBeforeAnythingIsWritten() {
        limits = new LayerLimits(1 << 20, 100, new DiskReserve(temp, Long.MAX_VALUE / 2));
        refused(new LayerTar().file("a", "x").bytes(), "reserved for the platform");
    }

    @Test
    void whatIsNoArchiveIsRefused() {
        refused(
                "this is not an archive, but it is longer than one block of an archive. "
                        .repeat(20)
                        .getBytes(UTF_8),
                "checksum");
        byte[] whole = new LayerTar().file("a", "x".repeat(5000)).bytes();
        refused(java.util.Arrays.copyOf(whole, 2000), "truncated");
        refused(java.util.Arrays.copyOf(whole, 700), "truncated");
        refused(java.util.Arrays.copyOf(whole, 100), "truncated");
    }

    @Test
    void aDescriptionOfAnEntryCannotFillTheMemory() {
        byte[] archive = new LayerTar().endingWithHeader("x", 1 << 30);
        archive[156] = 'L';
        refused(withChecksum(archive), "description");
        archive[156] = 'x';
        refused(withChecksum(archive), "description");
    }

    private void refused(byte[] archive, String why) {
        Path directory = temp.resolve("refused" + System.nanoTime());
        assertThatThrownBy(() -> unpack(archive, Files.createDirectory(directory)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(why);
    }

    private void unpack(byte[] archive) throws IOException {
        unpack(archive, layer);
    }

    private void unpack(byte[] archive, Path directory) throws IOException {
        LayerUnpacker.unpack(new ByteArrayInputStream(archive), directory, limits);
    }

    /** A header with a name that no Java String of this machine's encoding may have. */
    private static byte[] rawFile(String latin) {
        byte[] archive = new LayerTar().file("cafe", "").bytes();
        System.arraycopy(latin.getBytes(ISO_8859_1), 0, archive, 0, latin.length());
        return withChecksum(archive);
    }

    private static byte[] withChecksum(byte[] archive) {
        java.util.Arrays.fill(archive, 148, 156, (byte) ' ');
        int sum = 0;
        for (int i = 0; i < 512; i++) {
            sum += archive[i] & 0xff;
        }
        byte[] digits = "%06o\0 ".formatted(sum).getBytes(UTF_8);
        System.arraycopy(digits, 0, archive, 148, 8);
        return archive;
    }

    private int mode(String name) throws IOException {
        return (int) Files.getAttribute(layer.resolve(name), "unix:mode", LinkOption.NOFOLLOW_LINKS) & 07777;
    }

    private String owner(String name) throws IOException {
        Map<String, Object> ids = Files.readAttributes(layer.resolve(name), "unix:uid,gid", LinkOption.NOFOLLOW_LINKS);
        return ids.get("uid") + ":" + ids.get("gid");
    }

    private String stat(String name) throws Exception {
        return run("stat", "-c", "%F %t %T", layer.resolve(name).toString()).trim();
    }

    private boolean opaque(String name) throws Exception {
        return xattrs(name).contains("trusted.overlay.opaque");
    }

    /** What GNU tar finds, which needs no other tool. */
    private String xattrs(String name) throws Exception {
        return run(
                "sh",
                "-c",
                "tar --xattrs --xattrs-include='*' --no-recursion -C %s -cf - %s | grep -a -o 'SCHILY[^=]*'"
                        .formatted(layer, name));
    }

    private String ls(Path directory) throws Exception {
        return run("ls", directory.toString());
    }

    private static void assumeRoot() {
        assumeTrue("root".equals(System.getProperty("user.name")), "needs root: owners, devices, trusted attributes");
    }

    static String run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        return output;
    }
}

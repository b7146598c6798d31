package dev.flynn.router.nginx;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.flynn.router.nginx.NginxConfig.CertificateFiles;
import dev.flynn.spi.router.RouteTable.Certificate;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collection;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Certificates as files that only their owner reads, named after their content; and what nginx thinks of them. */
final class CertificateStore {

    private final NginxSettings settings;
    private final Path directory;
    private final Map<Certificate, Optional<String>> faults = new HashMap<>();

    CertificateStore(NginxSettings settings) {
        this.settings = settings;
        this.directory = settings.certificates();
    }

    static CertificateFiles files(Path directory, Certificate certificate) {
        String name = hash(certificate);
        return new CertificateFiles(directory.resolve(name + ".crt"), directory.resolve(name + ".key"));
    }

    CertificateFiles write(Certificate certificate) {
        CertificateFiles files = files(directory, certificate);
        PrivateFiles.write(files.chain(), certificate.chain());
        PrivateFiles.write(files.key(), certificate.key());
        return files;
    }

    /** Why nginx cannot use a certificate, in its own words; asked once for each. */
    Optional<String> fault(Certificate certificate) {
        return faults.computeIfAbsent(certificate, this::ask);
    }

    /** Forgets and deletes all others. */
    void keep(Collection<Certificate> used) {
        faults.keySet().retainAll(Set.copyOf(used));
        Set<String> names = used.stream().map(CertificateStore::hash).collect(Collectors.toSet());
        try (DirectoryStream<Path> all = Files.newDirectoryStream(directory)) {
            for (Path file : all) {
                String name = file.getFileName().toString();
                if (!names.contains(name.substring(0, Math.max(0, name.lastIndexOf('.'))))) {
                    Files.deleteIfExists(file);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Optional<String> ask(Certificate certificate) {
        CertificateFiles files = write(certificate);
        ConfigText text = new ConfigText();
        text.line("pid", ConfigText.quoted(directory.resolve("test.pid").toString()));
        text.open("events").close().open("http");
        for (String kind : List.of("client_body", "proxy", "fastcgi", "uwsgi", "scgi")) {
            text.line(
                    kind + "_temp_path",
                    ConfigText.quoted(settings.bodies().resolve(kind).toString()));
        }
        text.line("access_log", "off").open("server").line("listen", settings.listen(settings.httpPort()), "ssl");
        text.line("ssl_certificate", ConfigText.quoted(files.chain().toString()));
        text.line("ssl_certificate_key", ConfigText.quoted(files.key().toString()));
        text.close().close();
        Path configuration = directory.resolve("test.conf");
        PrivateFiles.write(configuration, text.toString());
        Commands.Result result = NginxProcess.test(settings, configuration);
        return result.status() == 0 ? Optional.empty() : Optional.of(NginxProcess.firstFault(result.output()));
    }

    private static String hash(Certificate certificate) {
        try {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            sha256.update(certificate.chain().getBytes(UTF_8));
            sha256.update((byte) 0);
            sha256.update(certificate.key().getBytes(UTF_8));
            return HexFormat.of().formatHex(sha256.digest(), 0, 16);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Files and directories for nobody else's eyes. */
    static final class PrivateFiles {

        private PrivateFiles() {}

        static void directory(Path directory) {
            try {
                Files.createDirectories(directory);
                Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /** Replaces a file at once, whole. */
        static void write(Path file, String content) {
            try {
                Path directory = file.toAbsolutePath().getParent();
                Path next = Files.createTempFile(
                        directory,
                        ".next",
                        "",
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
                Files.writeString(next, content);
                Files.move(next, file, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}

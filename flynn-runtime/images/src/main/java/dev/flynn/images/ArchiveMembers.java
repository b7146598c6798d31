package dev.flynn.images;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** The files of a tar archive that is not compressed: read where they are, nothing is unpacked. */
final class ArchiveMembers implements Members {

    private static final int MAX_MEMBERS = 10_000;

    private final FileChannel channel;
    private final Map<String, Member> members = new HashMap<>();

    /**
     * @param link the member that this one stands for, or empty
     */
    private record Member(long offset, long size, String link) {}

    private ArchiveMembers(FileChannel channel) {
        this.channel = channel;
    }

    static ArchiveMembers open(Path file) throws IOException {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
        try {
            var archive = new ArchiveMembers(channel);
            archive.index();
            return archive;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    private void index() throws IOException {
        var in = new Piece(0, channel.size());
        var reader = new TarReader(in);
        for (TarEntry entry = reader.next(); entry != null; entry = reader.next()) {
            if (members.size() == MAX_MEMBERS) {
                throw new IOException("the archive has more than %d members".formatted(MAX_MEMBERS));
            }
            String name = entry.name().startsWith("./") ? entry.name().substring(2) : entry.name();
            switch (entry.type()) {
                case TarEntry.FILE -> members.put(name, new Member(in.position, entry.size(), ""));
                case TarEntry.SYMLINK, TarEntry.HARD_LINK -> members.put(name, new Member(0, 0, target(name, entry)));
                default -> {
                    // directories say nothing
                }
            }
        }
    }

    /** Old versions of Docker link to layers that an archive has already. */
    private static String target(String name, TarEntry entry) {
        if (entry.type() == TarEntry.HARD_LINK) {
            return entry.linkName();
        }
        var path = new ArrayDeque<String>(List.of(name.split("/")));
        path.pollLast();
        for (String part : entry.linkName().split("/")) {
            if (part.equals("..")) {
                path.pollLast();
            } else if (!part.isEmpty() && !part.equals(".")) {
                path.addLast(part);
            }
        }
        return String.join("/", path);
    }

    private Member member(String name) throws IOException {
        Member member = members.get(name);
        for (int hops = 0; member != null && !member.link.isEmpty() && hops < 8; hops++) {
            member = members.get(member.link);
        }
        if (member == null || !member.link.isEmpty()) {
            throw new IOException("the archive has no %s".formatted(TarReader.printable(name)));
        }
        return member;
    }

    @Override
    public boolean has(String name) {
        return members.containsKey(name);
    }

    @Override
    public InputStream open(String name) throws IOException {
        Member member = member(name);
        return new Piece(member.offset, member.offset + member.size);
    }

    @Override
    public long size(String name) throws IOException {
        return member(name).size;
    }

    @Override
    public Set<String> names() {
        return new TreeSet<>(members.keySet());
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    /** A part of the file. */
    private final class Piece extends InputStream {

        private final long end;
        private long position;

        Piece(long start, long end) {
            this.position = start;
            this.end = end;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            if (length == 0) {
                return 0;
            }
            int wanted = (int) Math.min(length, end - position);
            int count = wanted <= 0 ? -1 : channel.read(ByteBuffer.wrap(buffer, offset, wanted), position);
            position += Math.max(0, count);
            return count;
        }

        @Override
        public long skip(long wanted) {
            long skipped = Math.max(0, Math.min(wanted, end - position));
            position += skipped;
            return skipped;
        }

        @Override
        public int available() {
            return (int) Math.min(Integer.MAX_VALUE, end - position);
        }
    }
}

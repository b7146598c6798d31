package dev.flynn.distro;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.disk.Item;
import dev.flynn.disk.Item.Worth;
import dev.flynn.disk.Shelf;
import dev.flynn.host.api.HostImages;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** The images of a host; a registry has them all. */
final class ImageShelf implements Shelf {

    private final HostImages images;

    ImageShelf(HostImages images) {
        this.images = images;
    }

    @Override
    public String name() {
        return "images";
    }

    @Override
    public List<Item> items() {
        try {
            return images.list().stream()
                    .map(image -> new Item(
                            name(),
                            image.id(),
                            Optional.empty(),
                            image.bytes(),
                            image.lastUsed(),
                            image.jobs().isEmpty() ? Worth.CACHE : Worth.IN_USE))
                    .toList();
        } catch (FlynnException e) {
            if (e.code() == ErrorCode.UNSUPPORTED) {
                return List.of(); // others keep the images of this host
            }
            throw e;
        }
    }

    @Override
    public boolean delete(Item item) throws IOException {
        try {
            return images.remove(item.id()) >= 0;
        } catch (FlynnException e) {
            if (e.code() == ErrorCode.CONFLICT || e.code() == ErrorCode.OBJECT_NOT_FOUND) {
                return false;
            }
            throw e;
        }
    }
}

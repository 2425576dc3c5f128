package dev.headroom.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headroom.BadInput;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class LibraryFilesTest {
    private static final BinaryHeader LINUX_X64 = BinaryHeader.of("Linux", "amd64");

    private final Path directory;

    LibraryFilesTest(@TempDir Path directory) {
        this.directory = directory;
    }

    private Path library(String name) throws IOException {
        Path file = directory.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.write(file, BinaryHeaderTest.elf(62));
    }

    @Test
    void namesMayHaveVariantAndVersion() throws IOException {
        Path llama = library("libllama.vulkan.v0.4.0.so");
        Path ggml = library("libggml.vulkan.v0.4.0.so");
        Path base = library("libggml-base.so");
        library("libllama-common.so");
        library("libggml-vulkan.so");
        library("libggml-cpu-zen4.so");
        assertThat(LibraryFiles.in(directory, LINUX_X64)).isEqualTo(new LibraryFiles(llama, ggml, base));
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void linksToOneFileAreOneLibrary() throws IOException {
        Path file = library("build/bin/libllama.so.0.0.7777");
        Files.createSymbolicLink(directory.resolve("build/bin/libllama.so"), file);
        LibraryFiles files = LibraryFiles.in(directory, LINUX_X64);
        assertThat(files.llama()).isEqualTo(directory.resolve("build/bin/libllama.so"));
        assertThat(files.directory()).isEqualTo(directory.resolve("build/bin"));
        assertThat(files.ggml()).isEqualTo(files.llama());
    }

    /** npm packages have no links. */
    @Test
    void copiesOfOneFileAreOneLibrary() throws IOException {
        Path file = library("libllama.b7324.so");
        library("libllama.b7324.so.0");
        library("libllama.b7324.so.0.0.1");
        assertThat(LibraryFiles.in(directory, LINUX_X64).llama()).isEqualTo(file);
    }

    @Test
    void libjllamaHasLlamaAndGgml() throws IOException {
        Path file = library("libjllama.so");
        assertThat(LibraryFiles.in(directory, LINUX_X64)).isEqualTo(new LibraryFiles(file, file, file));
    }

    @Test
    void backendThatIsCutOffIsRefused() throws IOException {
        library("libllama.so");
        Path file = Files.write(directory.resolve("libggml-cpu-zen4.so"), BinaryHeaderTest.elf(62, 1000));
        assertThatThrownBy(() -> LibraryFiles.in(directory, LINUX_X64))
                .isInstanceOf(BadInput.class)
                .hasMessageStartingWith(file + " is cut off (it has 64 of 1640 bytes)");
    }

    @Test
    void twoVersionsAreRefused() throws IOException {
        library("libllama.b6431.so");
        Files.write(library("libllama.v0.4.0.so"), BinaryHeaderTest.elf(62, 0, 65));
        assertThatThrownBy(() -> LibraryFiles.in(directory, LINUX_X64))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("more than one libllama.so (libllama.b6431.so, libllama.v0.4.0.so)");
    }

    @Test
    void directoryWithoutLlamaIsRefused() throws IOException {
        library("libllama-common.so");
        assertThatThrownBy(() -> LibraryFiles.in(directory, LINUX_X64))
                .isInstanceOf(BadInput.class)
                .hasMessageStartingWith("No llama.cpp in " + directory)
                .hasMessageContaining("give the directory with a libllama.so for Linux on x86-64");
        library("llama.v0.4.0.dll");
        assertThatThrownBy(() -> LibraryFiles.in(directory, LINUX_X64))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("(llama.v0.4.0.dll is for another system)");
    }

    @Test
    void libraryForAnotherCpuIsRefused() throws IOException {
        Path file = library("libllama.so");
        assertThatThrownBy(() -> LibraryFiles.in(directory, BinaryHeader.of("Linux", "aarch64")))
                .isInstanceOf(BadInput.class)
                .hasMessage(file + " is for Linux on x86-64: this Java needs a llama.cpp for Linux on arm64.");
    }

    @Test
    void releaseIsFoundInTheFileName() {
        assertThat(LlamaLibrary.releaseIn("libllama.vulkan.v0.4.0.so")).contains("v0.4.0");
        assertThat(LlamaLibrary.releaseIn("libllama.b6431.so")).contains("b6431");
        assertThat(LlamaLibrary.releaseIn("libllama.so.0.0.7777")).contains("b7777");
        assertThat(LlamaLibrary.releaseIn("libllama.0.0.7777.dylib")).contains("b7777");
        assertThat(LlamaLibrary.releaseIn("llama.dll")).isEmpty();
    }

    @Test
    void releasesBeforeTheOldestAreTooOld() {
        assertThat(LlamaLibrary.isTooOld("b4916")).isTrue();
        assertThat(LlamaLibrary.isTooOld("b5639")).isTrue();
        assertThat(LlamaLibrary.isTooOld("b5640")).isFalse();
        assertThat(LlamaLibrary.isTooOld("b10361")).isFalse();
        assertThat(LlamaLibrary.isTooOld("v0.4.0")).isFalse();
        assertThat(LlamaLibrary.isTooOld("b99999999999999999999")).isFalse();
        assertThat(LlamaLibrary.isTooOld("master")).isFalse();
    }
}

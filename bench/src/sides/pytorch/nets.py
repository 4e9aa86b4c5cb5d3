"""The nets of the bench in plain PyTorch, their parameters named as torchvision's."""

import torch
from torch import nn
from torch.nn import functional


class LeNet5(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(400, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x):
        x = functional.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = functional.max_pool2d(torch.relu(self.conv2(x)), 2)
        x = torch.relu(self.fc1(x.flatten(1)))
        return self.fc3(torch.relu(self.fc2(x)))


class Dense(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(784, 512)
        self.fc2 = nn.Linear(512, 256)
        self.fc3 = nn.Linear(256, 10)

    def forward(self, x):
        x = torch.relu(self.fc1(x.flatten(1)))
        return self.fc3(torch.relu(self.fc2(x)))


class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3)
        self.conv2 = nn.Conv2d(32, 64, 3)
        self.fc = nn.Linear(1600, 10)
        self.dropout = nn.Dropout(0.5)

    def forward(self, x):
        x = functional.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = functional.max_pool2d(torch.relu(self.conv2(x)), 2)
        return self.fc(self.dropout(x.flatten(1)))


class FeaturesNet(nn.Module):
    """Features, a pooling to a fixed size (224 x 224 images have it already), and a classifier: VGG and AlexNet."""

    def __init__(self, features, size, classifier):
        super().__init__()
        self.features = nn.Sequential(*features)
        self.avgpool = nn.AdaptiveAvgPool2d(size)
        self.classifier = nn.Sequential(*classifier)

    def forward(self, x):
        return self.classifier(self.avgpool(self.features(x)).flatten(1))


def vgg16():
    features, channels = [], 3
    for filters, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(count):
            features += [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU(inplace=True)]
            channels = filters
        features.append(nn.MaxPool2d(2))
    hidden = [nn.ReLU(inplace=True), nn.Dropout()]
    classifier = [nn.Linear(512 * 7 * 7, 4096), *hidden, nn.Linear(4096, 4096), *hidden, nn.Linear(4096, 1000)]
    return FeaturesNet(features, 7, classifier)


def alexnet():
    def convolution(*parameters, **options):
        return [nn.Conv2d(*parameters, **options), nn.ReLU(inplace=True)]

    features = [
        *convolution(3, 64, 11, stride=4, padding=2),
        nn.MaxPool2d(3, 2),
        *convolution(64, 192, 5, padding=2),
        nn.MaxPool2d(3, 2),
        *convolution(192, 384, 3, padding=1),
        *convolution(384, 256, 3, padding=1),
        *convolution(256, 256, 3, padding=1),
        nn.MaxPool2d(3, 2),
    ]
    relu = nn.ReLU(inplace=True)
    classifier = [nn.Dropout(), nn.Linear(256 * 6 * 6, 4096), relu, nn.Dropout(), nn.Linear(4096, 4096), relu]
    return FeaturesNet(features, 6, [*classifier, nn.Linear(4096, 1000)])


class Block(nn.Module):
    """A residual block: two 3 x 3 convolutions, or as a bottleneck 1 x 1, 3 x 3 with the stride, 1 x 1 to four times."""

    def __init__(self, channels, width, stride, bottleneck):
        super().__init__()
        steps = [(width, 1, 1), (width, 3, stride), (4 * width, 1, 1)]
        steps = steps if bottleneck else [(width, 3, stride), (width, 3, 1)]
        self.count = len(steps)
        source = channels
        for index, (filters, kernel, step) in enumerate(steps, 1):
            convolution = nn.Conv2d(source, filters, kernel, step, kernel // 2, bias=False)
            self.add_module(f"conv{index}", convolution)
            self.add_module(f"bn{index}", nn.BatchNorm2d(filters))
            source = filters
        self.relu = nn.ReLU(inplace=True)
        self.downsample = None
        if stride != 1 or channels != source:
            projection = nn.Conv2d(channels, source, 1, stride, bias=False)
            self.downsample = nn.Sequential(projection, nn.BatchNorm2d(source))

    def forward(self, x):
        y = x
        for index in range(1, self.count + 1):
            y = getattr(self, f"bn{index}")(getattr(self, f"conv{index}")(y))
            if index < self.count:
                y = self.relu(y)
        y += x if self.downsample is None else self.downsample(x)
        return self.relu(y)


class ResNet(nn.Module):
    def __init__(self, counts, bottleneck):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        channels = 64
        for stage, count in enumerate(counts):
            width, blocks = 64 * 2**stage, []
            for index in range(count):
                stride = 2 if stage > 0 and index == 0 else 1
                blocks.append(Block(channels, width, stride, bottleneck))
                channels = 4 * width if bottleneck else width
            self.add_module(f"layer{stage + 1}", nn.Sequential(*blocks))
        self.fc = nn.Linear(channels, 1000)

    def forward(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(x.mean((2, 3)))


NETS = {
    "lenet5": LeNet5,
    "dense": Dense,
    "convnet": ConvNet,
    "vgg16": vgg16,
    "alexnet": alexnet,
    "resnet18": lambda: ResNet((2, 2, 2, 2), bottleneck=False),
    "resnet50": lambda: ResNet((3, 4, 6, 3), bottleneck=True),
}
